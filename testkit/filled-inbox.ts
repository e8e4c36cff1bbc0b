import { INITIAL_STATE } from '../src/domain/destination-state.ts';
import type { WebhookEvent } from '../src/domain/event.ts';
import { counted, withTargets } from '../src/domain/operation.ts';
import type { Addressee } from '../src/domain/order.ts';
import type { Settlement } from '../src/domain/settlement.ts';
import type { RejectedRequest, Store } from '../src/store/store.ts';
import { anAttempt, anAudit, anEvent, anOperation, nextId } from './builders.ts';
import { FAKE_EPOCH_MS as T0 } from './fake-clock.ts';

const LEASE_MS = 30_000;
const BOUNDS = { maxRequests: 100, maxBytes: 10_000_000 };

/** Larger than a batch of a move may be. */
const LARGE_BODY_BYTES = 5 * 1024 * 1024;

/** What was put into an inbox, to ask for it again. */
export type Filled = Readonly<{
  events: readonly WebhookEvent[];
  /** Ids of events whose deliveries to `ordered` share a key, in the order of acceptance, which is not that of their ids. */
  inOrder: readonly string[];
  /** The event with this mark was taken over by a later one. */
  mark: Uint8Array;
  markedEvent: WebhookEvent;
  /** Deliveries that were at work when it was left. */
  leased: readonly string[];
  rejected: readonly string[];
  sources: readonly string[];
}>;

/** Fills an empty inbox through its port with rows of all kinds and states, and leaves it as a killed process does. */
export async function fillInbox(store: Store): Promise<Filled> {
  const events: WebhookEvent[] = [];
  const leased: string[] = [];
  const insert = async (
    destinations: readonly Addressee[],
    overrides: Partial<WebhookEvent> = {},
    digest?: Uint8Array,
  ) => {
    const event = anEvent({ receivedAtMs: T0 + events.length, ...overrides });
    const searchKeys = [{ name: 'order', value: `order ${events.length % 3}` }];
    const mark = digest === undefined ? null : { digest, sinceMs: T0 + 1e9 };
    await store.insertEvent({ ...event, searchKeys }, destinations, mark);
    events.push(event);
    return event;
  };
  let claims = 0;
  const claim = async (destination: string, atMs: number) => {
    const limits = [{ destination, limit: 1 }];
    const token = `token ${++claims}`;
    const outcome = await store.claim({ limits, token, nowMs: atMs, leaseUntilMs: atMs + LEASE_MS });
    return outcome.leased[0]!;
  };
  const work = async (destination: string, settlement: Settlement, atMs = T0 + 1_000) => {
    const { lease, attempts } = await claim(destination, atMs);
    const attempt = anAttempt({
      number: attempts + 1,
      startedAtMs: atMs,
      endedAtMs: atMs + 7,
      ...('error' in settlement
        ? { outcome: 'failed', error: settlement.error, httpStatus: 500, responseExcerpt: 'Störung\n{"a":1}' }
        : { httpStatus: 200 }),
    });
    await store.settle(lease, settlement, settlement.kind === 'released' ? null : attempt, atMs + 7);
    return lease.deliveryId;
  };

  await insert(['completed', 'open']);
  await work('completed', { kind: 'completed' });
  await insert(['retried'], { body: Buffer.from([0, 255, 1, 0x5c, 0x27, 0x0a]) });
  await work('retried', { kind: 'retry', dueAtMs: T0 + 2_000, error: 'not yet "quoted" \\ {1,2}' });
  await work('retried', { kind: 'retry', dueAtMs: T0 + 3_000, error: 'NULL' }, T0 + 2_500);
  await insert(['failed'], { headers: ['x-a', '1', 'X-A', 'ü "q" \\', 'x-a', ''], body: Buffer.alloc(0) });
  await work('failed', { kind: 'retry', dueAtMs: T0 + 2_000, error: 'first' });
  const dead = await work('failed', { kind: 'failed', error: 'given up' }, T0 + 2_500);
  await store.replay(dead, T0 + 5_000, {}, anAudit());
  await insert(['failed twice', 'done twice']);
  await store.replay(await work('failed twice', { kind: 'failed', error: 'no' }), T0 + 1_500, {}, anAudit());
  await work('failed twice', { kind: 'failed', error: 'no again' }, T0 + 2_000);
  const done = await work('done twice', { kind: 'completed' });
  await store.replay(done, T0 + 5_000, { completed: true }, anAudit());
  await insert(['released']);
  await work('released', { kind: 'released', dueAtMs: T0 + 1_500 });
  await insert(['leased', 'leased too']);
  leased.push((await claim('leased', T0 + 4_000)).lease.deliveryId);
  leased.push((await claim('leased too', T0 + 4_000)).lease.deliveryId);
  await insert([]);
  // Of an earlier time: ids and the order of acceptance are not the same.
  await insert(['open'], { receivedAtMs: T0 - 5_000, eventType: '', contentType: '', origin: 'reconciled' });
  await insert(['open'], { idempotencyKey: 'shared', source: 'a' });
  await insert(['open'], { idempotencyKey: 'shared', source: 'ä' });
  await insert(['open'], { body: Buffer.alloc(LARGE_BODY_BYTES, 'large ') });
  const mark = Buffer.from('0123456789abcdef');
  await insert(['open'], { source: 'a' }, mark);
  const markedEvent = await insert(['open'], { source: 'a' }, mark);
  await insert(['open'], { source: 'ä' }, mark);
  const blocked = { destination: 'ordered', orderKey: 'blöcked "key"' };
  await insert([blocked]);
  await work('ordered', { kind: 'failed', error: 'blocks', blocksKey: true }, T0 + 5_000);
  const ordered = { destination: 'ordered', orderKey: 'k' };
  const inOrder = [await insert([ordered]), await insert([ordered], { receivedAtMs: T0 - 9_000 })];
  inOrder.push(await insert([ordered, blocked]));
  const erased = await insert(['completed'], { source: 'a' }, Buffer.alloc(16, 'erased'));
  await work('completed', { kind: 'failed', error: 'ended' }, T0 + 20_000);
  await store.erase([erased.id], T0 + 30_000, anAudit({ action: 'event.erase' }));
  for (let more = 0; more < 9; more++) await insert(['open'], {}, Buffer.alloc(16, more));

  const rejected = [
    aRejected({ body: Buffer.from([0, 1, 254]) }),
    aRejected({ body: null, bodyBytes: 99_999_999 }),
    aRejected({ source: 'ä', url: '/webhooks/%C3%A4?x=1', detail: 'says "no"' }),
    aRejected({ body: Buffer.alloc(0), bodyBytes: 0 }),
  ];
  for (const request of rejected) await store.keepRejected(request, BOUNDS);
  await store.dropRejected(rejected[1]!.id, anAudit());
  await store.dropRejected(rejected[3]!.id, anAudit());

  await store.noteDuplicates([
    { eventId: events[0]!.id, count: 3, lastAtMs: T0 + 9, differed: true },
    { eventId: markedEvent.id, count: 1, lastAtMs: T0, differed: false },
  ]);

  await store.keepSourceState('a', 'secret', 'gläsern', T0);
  await store.keepSourceState('ä', 'subscription', '{"arn":"x"}', T0 + 1);
  await store.keepSourceState('a', 'another', '', T0 + 2);
  await store.appendAudit(anAudit({ before: { entry: 'ä "q"' }, after: { rate: '5/s', until: null } }));
  await store.changeDestination('billing', 0, INITIAL_STATE, anAudit());
  await store.changeDestination('ordered', 0, INITIAL_STATE, null);
  await planOperation(store, events);
  const sources = ['a', 'ä'];
  return {
    events,
    inOrder: inOrder.map(({ id }) => id),
    mark,
    markedEvent,
    leased,
    rejected: rejected.map(({ id }) => id),
    sources,
  };
}

/** A plan with some targets, and one that was being counted. */
async function planOperation(store: Store, events: readonly Readonly<{ id: string }>[]): Promise<void> {
  const operation = anOperation({ filter: 'key:"ä"', createdAtMs: T0 });
  for (const each of [operation, anOperation({ createdAtMs: T0 + 1 })]) {
    await store.createOperation(each, anAudit({ action: 'operation.plan' }));
  }
  const token = 'of the plan';
  await store.claimOperation({ token, overMs: T0, leaseUntilMs: T0 + 1, except: [] });
  const targets = Array.from({ length: 203 }, (_, at) => events[at % events.length]!.id);
  const next = counted(withTargets(operation, { ...operation, targets: targets.length }), T0);
  await store.addTargets({ operationId: operation.id, token }, targets, next, T0 + 1);
}

function aRejected(overrides: Partial<RejectedRequest>): RejectedRequest {
  return {
    id: nextId(T0),
    source: 'a',
    reason: 'wrong_signature',
    detail: 'No signature fits.',
    method: 'POST',
    url: '/webhooks/a',
    headers: ['X-Sig', '1', 'x-sig', '2'],
    contentType: 'text/plain',
    body: Buffer.from('hello'),
    bodyBytes: 5,
    receivedAtMs: T0,
    ...overrides,
  };
}
