import { type AuditEntry, withOutcome } from '../../domain/audit.ts';
import { type DeliveryStatus, deliveryIdOf } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import { newReplay } from '../rows.ts';
import type { Bound, ReplayOptions, ReplayOutcome } from '../store.ts';
import { appendAudit } from './audit.ts';
import type { Backlogs } from './backlog.ts';
import { addCounts, addOrderCounts, addTotals, HELD, PENDING } from './counters.ts';
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
  is_held: boolean;
  replayed_by: number | null;
}> &
  (
    | Readonly<{ number: number; due_at: number; turn: Turn | null; sent_as: number | null }>
    | Readonly<{ number: null }>
  );

/**
 * The first replay is looked for among the deliveries of the event too: a program of the version before, and replays of
 * completed deliveries from before there was a column for it, did not write it down.
 */
export const REPLAY: Statement<ReplayRow> = {
  name: 'replay',
  text: `
with backlog as materialized (${PENDING}), held_backlog as materialized (${HELD}),
old as materialized (
  select destination, status, order_key, turn, position, replayed_by as counted_by, sent_as,
    destination = any($8::text[]) as is_held,
    exists (select from erased x where x.event_id = $1 and x.erased_at is not null) as is_erased, coalesce(replayed_by, (
      select number from deliveries where event_id = $1 and replay_of = $2 order by number limit 1
    )) as replayed_by
  from deliveries where event_id = $1 and number = $2
),
room as materialized (
  select from old where (status = 'failed' or (status = 'completed' and $5::boolean))
    and not is_erased and (replayed_by is null or $6::boolean)
    and ((turn = 'holds' and $7::boolean) or case when is_held
      then (select held from held_backlog) < $9::bigint else (select pending from backlog) < $4::bigint end)
),
next as materialized (select number + 1 as number from deliveries where event_id = $1 order by number desc limit 1),
superseded as (
  update deliveries set turn = null, replayed_by = coalesce((select replayed_by from old), (select number from next))
  where event_id = $1 and number = $2 and exists (select from room)
  returning destination
),
freed as (
  select superseded.destination from superseded cross join old where old.turn = 'holds'
),
placed as materialized (
  select old.*, case when exists (select from freed) then 'holds' else ${turnOf('old', 'false')} end as new_turn from old
),
made as (
  insert into deliveries (
    event_id, number, destination, status, attempts, due_at, created_at, updated_at, replay_of, sent_as, order_key, turn,
    position, held
  )
  select $1, (select number from next), destination, 'pending', 0, ${dueAt('new_turn', '$3::bigint')}, $3, $3, $2,
    case when status = 'failed' then coalesce(sent_as, $2) end, order_key, new_turn, position, case when is_held then 1 end
  from placed
  where exists (select from room)
  returning number, destination, due_at, turn, sent_as, held
),
order_changes as (
  select destination, (turn = 'waits')::integer as waiting, 0 as blocked from made where turn is not null
  union all
  select destination, 0, -1 from freed
),
changes as (
  select destination, 1 as pending, 0 as failed, coalesce(held, 0) as held from made
  union all
  select destination, 0, -1, 0 from old where status = 'failed' and counted_by is null and exists (select from room)
),
order_counted as (${addOrderCounts('order_changes')}),
counted as (${addCounts('changes', { pending: 'sum(pending)', failed: 'sum(failed)', held: 'sum(held)' })}),
totalled as (${addTotals('0', '(select count(*) - count(held) from made)')})
select old.status, old.destination, old.order_key, old.replayed_by, old.is_erased, old.is_held, made.number, made.due_at, made.turn, made.sent_as
from old left join made on true`,
};

type ReplayContext = Readonly<{
  background: Database;
  backlogs: Backlogs;
  gates: Readonly<Record<Bound, LimitGate>>;
  timed: Timed;
  due: Walks;
}>;

/** @see OperateStore.replay */
export async function replay(
  { background, backlogs, gates, timed, due }: ReplayContext,
  deliveryId: string,
  nowMs: number,
  options: ReplayOptions,
  audit: AuditEntry,
): Promise<ReplayOutcome> {
  const { closed = [] } = options;
  const limits = { pending: backlogs.pending.limit, held: backlogs.held.limit };
  const asked: Asked = { ...options, deliveryId, nowMs, limits };
  const replayed = () =>
    background.transaction(async (query) => {
      const result = await replayWithin(query, asked);
      if (result.kind !== 'replayed') return result;
      const { destination, id } = result.delivery;
      await appendAudit(query, withOutcome(audit, { destination, replay_id: id }));
      return result;
    });
  const send = () => gates.pending(1, () => due.whileWriting(nowMs, () => timed(1, replayed)));
  const outcome = await (closed.length === 0 ? send() : gates.held(1, send));
  if (outcome.kind === 'replayed') {
    backlogs[closed.includes(outcome.delivery.destination) ? 'held' : 'pending'].changed(1);
  }
  return outcome;
}

type Asked = ReplayOptions &
  Readonly<{ deliveryId: string; nowMs: number; limits: Readonly<Record<Bound, number>> }>;

/** In a transaction, since what the last statement sees must be later than the locks. */
async function replayWithin(query: Query, asked: Asked): Promise<ReplayOutcome> {
  const { deliveryId, nowMs, limits, completed = false, again = false, beyondLimit = false } = asked;
  const { eventId, number } = deliveryKey(deliveryId);
  const [event] = await query(LOCK_EVENT, [eventId, number]);
  const orderKey = event?.order_key ?? null;
  if (orderKey !== null) await lockKeys(query, [orderKey]);
  const values = [
    ...[eventId, number, nowMs, limits.pending, completed, again, beyondLimit],
    ...[asked.closed ?? [], limits.held],
  ];
  const [row] = await query(REPLAY, values);
  if (row === undefined) return { kind: 'unknown' };
  const { status, replayed_by: replayedBy } = row;
  if (row.number !== null) {
    const numbers = { eventId, number: row.number, replayOf: number, sentAs: row.sent_as };
    return { kind: 'replayed', delivery: newReplay(numbers, row, nowMs) };
  }
  if (status === 'pending' || status === 'processing') return { kind: 'open', status };
  if (row.is_erased) return { kind: 'erased' };
  if (status === 'completed' && !completed) return { kind: 'completed' };
  if (replayedBy !== null && !again) {
    return { kind: 'already_replayed', replayId: deliveryIdOf(eventId, replayedBy) };
  }
  return { kind: 'full', bound: row.is_held ? 'held' : 'pending' };
}
