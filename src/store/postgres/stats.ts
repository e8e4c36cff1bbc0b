import { DELIVERY_STATUSES, type DeliveryStatus } from '../../domain/delivery.ts';
import {
  type HeldCount,
  MAX_HELD_PASSED,
  type OrderCount,
  type StatusCount,
  type StoreStats,
} from '../store.ts';
import type { QueryContext, Statement } from './database.ts';
import type { Walks } from './walks.ts';

type CountRow = Readonly<{ destination: string }> & Readonly<Record<DeliveryStatus | 'held', number>>;

export const COUNTS: Statement<CountRow> = {
  name: 'counts',
  text: `
select destination, sum(pending)::bigint as pending, sum(processing)::bigint as processing,
  sum(completed)::bigint as completed, sum(failed)::bigint as failed, coalesce(sum(held), 0)::bigint as held
from delivery_counts group by destination order by destination`,
};

export const ORDER_COUNTS: Statement<OrderCount> = {
  name: 'order_counts',
  text: `
select destination, sum(waiting)::bigint as waiting, sum(blocked)::bigint as blocked
from order_counts group by destination having sum(waiting) <> 0 or sum(blocked) <> 0`,
};

/**
 * The pending delivery that has waited longest and is not held: the first in a destination's due index, since a first
 * attempt is due when its delivery is created, or a waiting retry. Held ones are passed over, at most MAX_HELD_PASSED of
 * them; then come those that are due since the destination was freed.
 */
export const OLDEST_PENDING: Statement<{ oldest: number | null }> = {
  name: 'oldest_pending',
  text: `
select least(
  (select min(first.due_at) from unnest($1::text[], $2::bigint[]) as asked (destination, from_ms) cross join lateral (
    select due_at from (
      select due_at, held from deliveries
      where destination = asked.destination and status = 'pending' and due_at >= asked.from_ms
      order by due_at, event_id, number limit ${MAX_HELD_PASSED}
    ) d where held is null limit 1
  ) first),
  (select min(since.due_at) from destination_state s cross join lateral (
    select due_at from deliveries
    where destination = s.destination and status = 'pending' and due_at >= s.freed_at and held is null
    order by due_at, event_id, number limit 1
  ) since where s.destination = any($3::text[])),
  (select created_at from (
    select created_at, held from deliveries where status = 'pending' and due_at <> created_at
    order by created_at limit ${MAX_HELD_PASSED}
  ) retried where held is null limit 1)
) as oldest`,
};

export const OLDEST_HELD: Statement<{ destination: string; oldest: number }> = {
  name: 'oldest_held',
  text: `
select asked.destination, first.created_at as oldest
from unnest($1::text[], $2::bigint[]) as asked (destination, from_ms) cross join lateral (
  select created_at from (
    select created_at, held from deliveries
    where destination = asked.destination and status = 'pending' and due_at >= asked.from_ms
    order by due_at, event_id, number limit ${MAX_HELD_PASSED}
  ) d where held is not null limit 1
) first`,
};

/** Of our own tables: the database may be shared with others. */
export const SIZE: Statement<{ events: number; bytes: number }> = {
  name: 'size',
  text: `
select (select coalesce(sum(events), 0)::bigint from totals) as events,
  (select sum(pg_total_relation_size(name))::bigint
   from unnest(array['events', 'deliveries', 'attempts', 'delivery_counts', 'order_counts', 'totals']::regclass[]) as name) as bytes`,
};

/** @see BrowseStore.stats */
export async function stats({ query, due }: QueryContext & Readonly<{ due: Walks }>): Promise<StoreStats> {
  const [countRows, orderRows, sizeRows] = await Promise.all([
    query(COUNTS),
    query(ORDER_COUNTS),
    query(SIZE),
  ]);
  const counts = countRows.flatMap(toCounts);
  const withHeld = countRows.filter(({ held }) => held !== 0);
  const heldNames = withHeld.map(({ destination }) => destination);
  const waiting = countRows
    .filter(({ pending, held }) => pending > held)
    .map(({ destination }) => destination);
  const draining = heldNames.filter((name) => waiting.includes(name));
  const [oldest] =
    waiting.length === 0 ? [] : await query(OLDEST_PENDING, [waiting, waiting.map(due.placeOf), draining]);
  const heldSince =
    heldNames.length === 0 ? [] : await query(OLDEST_HELD, [heldNames, heldNames.map(due.placeOf)]);
  return {
    counts,
    held: withHeld.map(({ destination, held }): HeldCount => {
      const first = heldSince.find((row) => row.destination === destination);
      return { destination, count: held, oldestAtMs: first?.oldest ?? null };
    }),
    order: orderRows,
    events: sizeRows[0]!.events,
    oldestPendingAtMs: oldest?.oldest ?? null,
    databaseBytes: sizeRows[0]!.bytes,
    walBytes: 0,
  };
}

function toCounts(row: CountRow): StatusCount[] {
  return DELIVERY_STATUSES.map((status) => ({
    destination: row.destination,
    status,
    count: row[status],
  })).filter(({ count }) => count !== 0);
}
