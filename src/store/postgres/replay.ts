import { type DeliveryStatus, deliveryIdOf } from '../../domain/delivery.ts';
import type { ReplayOutcome } from '../store.ts';
import { addCounts, addTotals, PENDING } from './counters.ts';
import type { Query, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';

/**
 * The event's row is locked against a clean-up that would delete it, and against another replay that would take the
 * same number.
 */
export const LOCK_EVENT: Statement = {
  name: 'lock_event',
  text: 'select 1 from events where id = $1 for no key update',
};

export const REPLAY: Statement = {
  name: 'replay',
  text: `
with backlog as materialized (${PENDING}),
old as materialized (select destination, status from deliveries where event_id = $1 and number = $2),
made as (
  insert into deliveries (
    event_id, number, destination, status, attempts, due_at, created_at, updated_at, replay_of
  )
  select $1, (select number + 1 from deliveries where event_id = $1 order by number desc limit 1), destination,
    'pending', 0, $3, $3, $3, $2
  from old
  where status in ('completed', 'failed') and (select pending from backlog) < $4::bigint
  returning number, destination
),
counted as (${addCounts('made', { pending: 'count(*)' })}),
totalled as (${addTotals('0', '(select count(*) from made)')})
select old.status, old.destination, (select number from made) as number from old`,
};

/** @see OperateStore.replay. In a transaction, since what the second statement sees must be later than the lock. */
export async function replayDelivery(
  query: Query,
  deliveryId: string,
  nowMs: number,
  maxPending: number,
): Promise<ReplayOutcome> {
  const { eventId, number } = deliveryKey(deliveryId);
  await query(LOCK_EVENT, [eventId]);
  const [row] = await query(REPLAY, [eventId, number, nowMs, maxPending]);
  if (row === undefined) return { kind: 'unknown' };
  const status = row.status as DeliveryStatus;
  if (status === 'pending' || status === 'processing') return { kind: 'open', status };
  if (row.number === null) return { kind: 'full' };
  return {
    kind: 'replayed',
    delivery: {
      id: deliveryIdOf(eventId, row.number as number),
      eventId,
      destination: row.destination as string,
      status: 'pending',
      attempts: 0,
      dueAtMs: nowMs,
      lastError: null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      replayOf: deliveryId,
    },
  };
}
