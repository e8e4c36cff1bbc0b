import { type AuditEntry, withOutcome } from '../../domain/audit.ts';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import { newReplay } from '../rows.ts';
import type { ReplayOutcome } from '../store.ts';
import { appendAudit } from './audit.ts';
import type { Backlog } from './backlog.ts';
import { addCounts, addOrderCounts, addTotals, PENDING } from './counters.ts';
import type { Database, Query, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';
import type { Timed } from './lane.ts';
import type { LimitGate } from './limit-gate.ts';
import { lockKeys } from './order-locks.ts';
import { dueAt, turnOf } from './turn.ts';
import type { Walks } from './walks.ts';

/**
 * The event's row is locked against a clean-up that would delete it, and against another replay that would take the
 * same number.
 */
export const LOCK_EVENT: Statement<{ order_key: string | null }> = {
  name: 'lock_event',
  text: `
select (select order_key from deliveries where event_id = $1 and number = $2) as order_key
from events where id = $1 for no key update`,
};

type ReplayRow = Readonly<{
  status: DeliveryStatus;
  destination: string;
  order_key: string | null;
  is_erased: boolean;
}> &
  (Readonly<{ number: number; due_at: number; turn: Turn | null }> | Readonly<{ number: null }>);

export const REPLAY: Statement<ReplayRow> = {
  name: 'replay',
  text: `
with backlog as materialized (${PENDING}),
old as materialized (
  select destination, status, order_key, turn, position,
    exists (select from erased x where x.event_id = $1 and x.erased_at is not null) as is_erased
  from deliveries where event_id = $1 and number = $2
),
room as materialized (
  select from old where status in ('completed', 'failed') and not is_erased
    and (turn = 'holds' or (select pending from backlog) < $4::bigint)
),
freed as (
  update deliveries set turn = null
  where event_id = $1 and number = $2 and turn = 'holds' and exists (select from room)
  returning destination
),
placed as materialized (
  select old.*, case when exists (select from freed) then 'holds' else ${turnOf('old', 'false')} end as new_turn from old
),
made as (
  insert into deliveries (
    event_id, number, destination, status, attempts, due_at, created_at, updated_at, replay_of, order_key, turn,
    position
  )
  select $1, (select number + 1 from deliveries where event_id = $1 order by number desc limit 1), destination,
    'pending', 0, ${dueAt('new_turn', '$3::bigint')}, $3, $3, $2, order_key, new_turn, position
  from placed
  where exists (select from room)
  returning number, destination, due_at, turn
),
order_changes as (
  select destination, (turn = 'waits')::integer as waiting, 0 as blocked from made where turn is not null
  union all
  select destination, 0, -1 from freed
),
order_counted as (${addOrderCounts('order_changes')}),
counted as (${addCounts('made', { pending: 'count(*)' })}),
totalled as (${addTotals('0', '(select count(*) from made)')})
select old.status, old.destination, old.order_key, old.is_erased, made.number, made.due_at, made.turn from old left join made on true`,
};

type ReplayContext = Readonly<{
  background: Database;
  backlog: Backlog;
  gate: LimitGate;
  timed: Timed;
  due: Walks;
}>;

/** @see OperateStore.replay */
export async function replay(
  { background, backlog, gate, timed, due }: ReplayContext,
  deliveryId: string,
  nowMs: number,
  audit: AuditEntry,
): Promise<ReplayOutcome> {
  const replayed = () =>
    background.transaction(async (query) => {
      const result = await replayWithin(query, deliveryId, nowMs, backlog.limit);
      if (result.kind !== 'replayed') return result;
      const { destination, id } = result.delivery;
      await appendAudit(query, withOutcome(audit, { destination, replay_id: id }));
      return result;
    });
  const outcome = await gate(1, () => due.whileWriting(nowMs, () => timed(1, replayed)));
  if (outcome.kind === 'replayed') backlog.changed(1);
  return outcome;
}

/** In a transaction, since what the last statement sees must be later than the locks. */
async function replayWithin(
  query: Query,
  deliveryId: string,
  nowMs: number,
  maxPending: number,
): Promise<ReplayOutcome> {
  const { eventId, number } = deliveryKey(deliveryId);
  const [event] = await query(LOCK_EVENT, [eventId, number]);
  const orderKey = event?.order_key ?? null;
  if (orderKey !== null) await lockKeys(query, [orderKey]);
  const [row] = await query(REPLAY, [eventId, number, nowMs, maxPending]);
  if (row === undefined) return { kind: 'unknown' };
  const { status } = row;
  if (status === 'pending' || status === 'processing') return { kind: 'open', status };
  if (row.is_erased) return { kind: 'erased' };
  if (row.number === null) return { kind: 'full' };
  const ids = { eventId, number: row.number, replayOf: number };
  return { kind: 'replayed', delivery: newReplay(ids, row, nowMs) };
}
