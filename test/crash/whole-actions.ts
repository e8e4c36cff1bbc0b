import assert from 'node:assert/strict';
import type { AuditAction, AuditEntry } from '../../src/domain/audit.ts';
import { eventIdOf } from '../../src/domain/delivery.ts';
import { rateText } from '../../src/domain/rate.ts';
import { toAuditEntry } from '../../src/store/audit-chain.ts';
import { createAuditVerifier } from '../../src/store/audit-verify.ts';
import type { Store } from '../../src/store/store.ts';
import { anAudit } from '../../testkit/builders.ts';
import type { OperatedInbox } from './operated-inbox.ts';
import type { Acknowledged } from './operators.ts';

/** Rows of the audit of what was not refused. */
type Rows = (...actions: AuditAction[]) => readonly AuditEntry[];

/**
 * Asserts that what the store has and what the audit tells are the same, and that nothing acknowledged is missing.
 * @param heads those of earlier looks, which must still be there
 * @returns the head
 */
export async function assertWholeActions(
  store: Store,
  inbox: OperatedInbox,
  acknowledged: Acknowledged,
  heads: readonly string[],
): Promise<string> {
  // What a killed clean-up has deleted is in its tally until the next report.
  await store.reportCleanup('events', anAudit({ action: 'cleanup.delete', target: 'events', after: null }));
  const chain = await store.readAudit(0, 1_000_000);
  const verdicts = [null, ...heads].map((head) => {
    const verifier = createAuditVerifier(head);
    for (const row of chain) verifier.see(row);
    return verifier.end();
  });
  assert.deepEqual(
    verdicts.flatMap(({ flaws }) => flaws),
    [],
  );
  const entries = chain.map(toAuditEntry);
  const rows: Rows = (...actions) =>
    entries.filter(({ action, after }) => actions.includes(action) && !after?.refused);
  await assertReplays(store, inbox, rows);
  await assertErasures(store, inbox, rows);
  await assertReleases(store, inbox, rows);
  await assertReverified(store, inbox, rows);
  await assertDropped(store, inbox, rows);
  await assertDestinations(store, rows);
  await assertConfirmed(store, rows);
  await assertCleaned(store, inbox, rows, chain.filter(({ target }) => target === 'old').length);
  assertReloads(rows);
  for (const [action, count] of acknowledged) {
    const known = rows(action as AuditAction).length;
    // What finds nothing to do is answered 2xx and leaves no row.
    if (MAY_DO_NOTHING.has(action)) continue;
    assert.ok(known >= count, `${count} ${action} were acknowledged, ${known} are in the audit`);
  }
  return verdicts[0]!.head!;
}

const MAY_DO_NOTHING = new Set([
  'config.reload',
  'destination.rate',
  'destination.resume',
  'event.erase',
  // Of an erased event nothing is left to reveal.
  'event.reveal',
]);

function sameSet(actual: readonly string[], expected: readonly string[], what: string): void {
  assert.deepEqual(actual.toSorted(), expected.toSorted(), what);
}

async function assertReplays(store: Store, { deadLetters }: OperatedInbox, rows: Rows): Promise<void> {
  const events = [...new Set(deadLetters.map(eventIdOf))];
  const made = (await Promise.all(events.map((id) => store.deliveriesOf(id)))).flat();
  sameSet(
    rows('delivery.replay').map(({ target, after }) => `${target} ${after?.replay_id}`),
    made.flatMap(({ id, replayOf }) => (replayOf === null ? [] : [`${replayOf} ${id}`])),
    'replays',
  );
}

async function assertErasures(store: Store, { erasable }: OperatedInbox, rows: Rows): Promise<void> {
  const views = await Promise.all(erasable.map((id) => store.eventById(id)));
  const erased = views.flatMap((view) => (view?.erasedAtMs != null ? [view.id] : []));
  sameSet(
    rows('event.erase').map(({ target }) => target),
    erased,
    'erasures',
  );
}

async function assertReleases(store: Store, { blocked }: OperatedInbox, rows: Rows): Promise<void> {
  const left = new Set((await store.listBlocked(1_000, null, 'ledger')).keys.map(({ orderKey }) => orderKey));
  const released = [...blocked].flatMap(([key, id]) => (left.has(key) ? [] : [id]));
  sameSet(
    rows('order_key.release').map(({ target }) => target),
    released,
    'releases',
  );
}

async function assertReverified(store: Store, { rejected }: OperatedInbox, rows: Rows): Promise<void> {
  const taken = [];
  for (const id of rejected) if ((await store.readRejected(id)) === null) taken.push(id);
  const told = rows('rejected.reverify');
  sameSet(
    told.map(({ after }) => String(after?.rejected_id)),
    taken,
    'rejected requests',
  );
  let found = 0;
  for (let at = 0; at < rejected.length; at++) {
    const event = await store.eventByKey('github', `rejected-${at}`);
    if (event === null) continue;
    found += 1;
    assert.ok(
      told.some(({ target }) => target === event.id),
      `nobody let ${event.id} in`,
    );
  }
  assert.equal(found, told.length);
}

async function assertDropped(store: Store, { entries }: OperatedInbox, rows: Rows): Promise<void> {
  const left = new Set((await store.readSourceState('github')).map(({ name }) => name));
  sameSet(
    rows('source_state.drop').map(({ before }) => String(before?.entry)),
    entries.filter((entry) => !left.has(entry)),
    'entries of a source',
  );
}

/** The state of each destination is what its rows come to. */
async function assertDestinations(store: Store, rows: Rows): Promise<void> {
  const told = rows(
    ...(['hold', 'resume', 'rate', 'trip', 'close'] as const).map((verb) => `destination.${verb}` as const),
  );
  for (const { destination, state } of await store.readDestinations()) {
    const own = told.filter(({ target }) => target === destination);
    const last = (...verbs: string[]) =>
      own.findLast(({ action }) => verbs.includes(action.slice('destination.'.length)));
    const held = last('hold', 'resume');
    const holds = held?.action === 'destination.hold';
    assert.equal(state.hold !== null, holds, `${destination} is held`);
    if (holds) assert.equal(state.hold!.reason, held.after!.reason);
    const isTripped = last('trip', 'close', 'resume')?.action === 'destination.trip';
    assert.equal(state.trip !== null, isTripped, `${destination} is tripped`);
    const rate = last('rate')?.after?.rate ?? null;
    assert.equal(state.rate === null ? null : rateText(state.rate.perSecond), rate, `rate of ${destination}`);
  }
}

async function assertConfirmed(store: Store, rows: Rows): Promise<void> {
  const { confirmedAtMs } = await store.readCleanup('events');
  assert.equal(rows('cleanup.confirm').at(-1)?.atMs ?? null, confirmedAtMs);
}

/** Each old event and row is there, or counted by a row. */
async function assertCleaned(
  store: Store,
  inbox: OperatedInbox,
  rows: Rows,
  rowsLeft: number,
): Promise<void> {
  const sum = (found: readonly AuditEntry[]) =>
    found.reduce((all, { after }) => all + Number(after?.count), 0);
  const counted = sum(rows('cleanup.delete').filter(({ target }) => target === 'events'));
  const left = await store.erasableBetween('default', 0, inbox.oldUntilMs, inbox.oldEvents + 1, null);
  assert.equal(counted + left.events.length, inbox.oldEvents, 'old events');
  assert.equal(sum(rows('audit.retention')) + rowsLeft, inbox.oldRows, 'old rows of the audit');
}

function assertReloads(rows: Rows): void {
  const attempted = new Set<unknown>();
  for (const { after } of rows('config.reload')) {
    if (after?.outcome === 'attempted') attempted.add(after.digest);
    else assert.ok(attempted.has(after?.digest), 'applied, and nobody attempted it');
  }
}
