import type { AuditEntry } from '../../domain/audit.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { hashDigests, keyPartsOf, newSecret, splitDigests } from '../erased-names.ts';
import { eraseInSlices } from '../in-slices.ts';
import type { EraseOutcome, EraseState } from '../store.ts';
import { appendAudit } from './audit.ts';
import type { Database, Query } from './database.ts';
import {
  EMPTY_EVENTS,
  type ErasableRow,
  HIDE_MARKS,
  HIDE_NAMES,
  KEEP_SECRET,
  LOCK_ERASABLE,
  ORDER_KEYS_OF,
  READ_ERASABLE,
} from './erase-statements.ts';
import type { Erasure } from './erasure.ts';
import { lockKeys } from './order-locks.ts';
import { awaitWriters } from './writers.ts';

/** Events that one transaction erases. */
const ERASE_SLICE = 64;

type EraseContext = Readonly<{ background: Database; erasure: Erasure }>;

/**
 * @see EraseStore.erase. In two transactions. The first one makes the hashes of the names known, beside the names. Once
 * every accept that did not see them has ended, the second one takes the names away: an accept that waited for the
 * row would find the key free otherwise, and store the event again.
 */
export async function erase(
  context: EraseContext,
  eventIds: readonly string[],
  nowMs: number,
  audit: AuditEntry,
): Promise<EraseOutcome> {
  return eraseInSlices(ERASE_SLICE, eventIds, async (ids) => {
    await hideNamesOf(context, ids);
    return context.background.transaction((query) => emptyEvents(query, context, ids, nowMs, audit));
  });
}

/** The first transaction, and the wait for the accepts that did not see it. */
export async function hideNamesOf(context: EraseContext, ids: readonly string[]): Promise<void> {
  const { background, erasure } = context;
  // On its own, so that no node keeps a secret in memory that is rolled back.
  if ((await erasure.read(background.query)) === null) {
    await background.query(KEEP_SECRET, [newSecret()]);
    await erasure.read(background.query);
  }
  const isAny = await background.transaction((query) => hideNames(query, context, ids));
  if (isAny) await awaitWriters(background.query);
}

/** Those that may be erased. */
function erasable(rows: readonly ErasableRow[]): readonly ErasableRow[] {
  return rows.filter(({ erased_at: erasedAt, is_open: isOpen }) => erasedAt === null && !isOpen);
}

/** @returns whether there is anything to erase */
async function hideNames(query: Query, { erasure }: EraseContext, ids: readonly string[]): Promise<boolean> {
  const rows = erasable(await query(READ_ERASABLE, [ids]));
  if (rows.length === 0) return false;
  const names = erasure.names()!;
  const keys = rows.map((row) => keyPartsOf(row.idempotency_key, row.replay_digest));
  await query(HIDE_NAMES, [
    rows.map(({ id }) => id),
    rows.map(({ source }) => source),
    rows.map(({ source }, at) => names.ofKey(source, keys[at]!.name)),
    keys.map(({ number }) => number),
  ]);
  const marks = rows.flatMap(({ id, source, replay_digest: digests, received_at: receivedAtMs }) =>
    splitDigests(digests).map((digest) => ({ id, source, hash: names.ofMark(source, digest), receivedAtMs })),
  );
  if (marks.length > 0) {
    await query(HIDE_MARKS, [
      marks.map(({ id }) => id),
      marks.map(({ source }) => source),
      marks.map(({ hash }) => hash),
      marks.map(({ receivedAtMs }) => receivedAtMs),
    ]);
  }
  return true;
}

/** In a transaction, since what the last statement sees must be later than the locks. */
export async function emptyEvents(
  query: Query,
  { erasure }: EraseContext,
  ids: readonly string[],
  nowMs: number,
  audit: AuditEntry,
): Promise<EraseOutcome> {
  await query(LOCK_ERASABLE, [ids]);
  const locked = await query(READ_ERASABLE, [ids]);
  const doomed = erasable(locked).filter(({ is_hidden: isHidden }) => isHidden);
  const doomedIds = doomed.map(({ id }) => id);
  const due = doomed.length === 0 ? [] : await empty(query, erasure, doomed, nowMs);
  for (const id of doomedIds) await appendAudit(query, { ...audit, target: id });
  const states = new Map(locked.map((row) => [row.id, stateOf(row)]));
  // Of an id that is asked twice, the first one is erased.
  const open = new Set(ids);
  const answered = ids.map((id): EraseState => {
    const state = states.get(id) ?? 'unknown';
    return open.delete(id) || state !== 'erased' ? state : 'erased_before';
  });
  return { states: answered, due };
}

function stateOf({ erased_at: erasedAt, is_open: isOpen, is_hidden: isHidden }: ErasableRow): EraseState {
  if (erasedAt !== null) return 'erased_before';
  // What was open when its name was to be hidden is left for the next erase.
  return isOpen || !isHidden ? 'open' : 'erased';
}

async function empty(
  query: Query,
  erasure: Erasure,
  doomed: readonly ErasableRow[],
  nowMs: number,
): Promise<EraseOutcome['due']> {
  const names = erasure.names()!;
  const keys = await query(ORDER_KEYS_OF, [doomed.map(({ id }) => id)]);
  await lockKeys(
    query,
    keys.map(({ order_key: key }) => key),
  );
  const rows = await query(EMPTY_EVENTS, [
    doomed.map(({ id }) => id),
    // Keys of a source are unique, and nobody can send these.
    doomed.map(({ source, idempotency_key: key }) => names.ofKey(source, key).toString('hex')),
    doomed.map(({ source, replay_digest: digests }) => hashDigests(names, source, digests)),
    nowMs,
  ]);
  return rows.map((row) => ({
    id: deliveryIdOf(row.event_id, row.number),
    destination: row.destination,
  }));
}
