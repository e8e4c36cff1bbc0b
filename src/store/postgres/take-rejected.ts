import type { AuditEntry } from '../../domain/audit.ts';
import type { Bound, TakeOutcome, VerifiedAnswer, VerifiedWrite } from '../store.ts';
import { isTaken, takenEntry } from '../take-rejected.ts';
import { acceptBatch } from './accept.ts';
import { appendAudit } from './audit.ts';
import type { Backlogs } from './backlog.ts';
import type { Database, Query, Statement } from './database.ts';
import type { Erasure } from './erasure.ts';
import { createKnownRanges } from './event-ranges.ts';
import { deliveriesOf, heldIn, type Insert, toInsert } from './insert.ts';
import type { Timed } from './lane.ts';
import type { LimitGate } from './limit-gate.ts';
import { lockKeys, type UnderLocks } from './order-locks.ts';
import { DROP_REJECTED } from './rejected.ts';
import { KEEP_STATE, REPLACE_STATE } from './source-state.ts';
import type { Walks } from './walks.ts';

/** Of two that take the same request the second one waits, and then finds nothing. */
export const LOCK_REJECTED: Statement = {
  name: 'lock_rejected',
  text: 'select id from rejected where id = $1 for update',
};

const SAVEPOINT: Statement = { name: 'savepoint', text: 'savepoint before_insert' };
const UNDO: Statement = { name: 'undo', text: 'rollback to savepoint before_insert' };

type TakeContext = Readonly<{
  background: Database;
  backlogs: Backlogs;
  erasure: Erasure;
  gates: Readonly<Record<Bound, LimitGate>>;
  timed: Timed;
  due: Walks;
  /** Called when a delivery has become due. */
  announce: (dueAtMs: number) => void;
}>;

/** @see RejectedStore.takeRejected */
export async function takeRejected(
  context: TakeContext,
  id: string,
  write: VerifiedWrite,
  audit: AuditEntry,
): Promise<TakeOutcome> {
  const { background, backlogs, erasure } = context;
  if (write.method !== 'insertEvent') {
    return takeWithin(background, id, write, audit, (query) => keepState(query, write));
  }
  const insert = toInsert(...write.args);
  // What is committed only later covers nothing else.
  const known = { backlogs, erasure, ranges: createKnownRanges() };
  return asInsert(context, insert, () =>
    takeWithin(background, id, write, audit, async (query) => {
      const [outcome] = await acceptBatch(query, lockingIn(query), [insert], known);
      if (outcome instanceof Error) throw outcome;
      return outcome!;
    }),
  );
}

function takeWithin(
  { transaction }: Database,
  id: string,
  write: VerifiedWrite,
  audit: AuditEntry,
  perform: (query: Query) => Promise<VerifiedAnswer>,
): Promise<TakeOutcome> {
  return transaction(async (query) => {
    if ((await query(LOCK_REJECTED, [id])).length === 0) return { kind: 'unknown' };
    const answer = await perform(query);
    if (!isTaken(answer)) return { kind: 'left', answer };
    await query(DROP_REJECTED, [id]);
    await appendAudit(query, takenEntry(audit, write, answer));
    return { kind: 'taken', answer };
  });
}

async function keepState(
  query: Query,
  { method, args }: Exclude<VerifiedWrite, { method: 'insertEvent' }>,
): Promise<VerifiedAnswer> {
  if (method === 'keepSourceState') return (await query(KEEP_STATE, args)).length > 0 ? 'kept' : 'present';
  await query(REPLACE_STATE, args);
  return undefined;
}

/** Through the gates of the limits, and told to the walks, as an insert of the lane is. */
async function asInsert(
  { gates, due, timed, announce }: TakeContext,
  insert: Insert,
  take: () => Promise<TakeOutcome>,
): Promise<TakeOutcome> {
  const { receivedAtMs } = insert.event;
  const held = heldIn([insert]);
  const unheld = deliveriesOf([insert]) - held;
  const send = () => gates.pending(unheld, () => due.whileWriting(receivedAtMs, () => timed(1, take)));
  const outcome = await (held === 0 ? send() : gates.held(held, send));
  if (outcome.kind === 'taken' && unheld > 0) announce(receivedAtMs);
  return outcome;
}

/** A statement that fails, since a mark came to another event meanwhile, must not end the transaction. */
function lockingIn(query: Query): UnderLocks {
  return (orderKeys) => async (statement, values) => {
    await lockKeys(query, orderKeys);
    await query(SAVEPOINT);
    try {
      return await query(statement, values);
    } catch (error) {
      await query(UNDO);
      throw error;
    }
  };
}
