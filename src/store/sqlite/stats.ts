import type { DatabaseSync } from 'node:sqlite';
import {
  type HeldCount,
  MAX_HELD_PASSED,
  type OrderCount,
  type StatusCount,
  type StoreStats,
} from '../store.ts';
import { prepareRows } from './prepare-rows.ts';
import { walBytes } from './wal.ts';

/**
 * The pending delivery that has waited longest and is not held: the first of each destination's due index, or a waiting
 * retry. Held ones are passed over, at most MAX_HELD_PASSED of them; then come those that are due since the destination was
 * freed.
 */
const OLDEST_DUE_SQL = `
  select due_at as at from (
    select due_at, held from deliveries where destination = ? and status = 'pending' order by due_at
    limit ${MAX_HELD_PASSED}
  ) where held is null limit 1`;
const OLDEST_SINCE_FREED_SQL = `
  select due_at as at from deliveries
  where destination = ?1 and status = 'pending' and held is null
    and due_at >= (select freed_at from destination_state where destination = ?1)
  order by due_at limit 1`;
const OLDEST_WAITING_SQL = `
  select at from (
    select created_at as at, held from deliveries where status = 'pending' and due_at <> created_at
    order by created_at limit ${MAX_HELD_PASSED}
  ) where held is null limit 1`;
const OLDEST_HELD_SQL = `
  select created_at as at from (
    select created_at, held from deliveries where destination = ? and status = 'pending' order by due_at
    limit ${MAX_HELD_PASSED}
  ) where held is not null limit 1`;

const ORDER_COUNTS_SQL = `
  select destination, sum(iif(name = 'waiting', count, 0)) as waiting, sum(iif(name = 'blocked', count, 0)) as blocked
  from order_counts where count <> 0 group by destination`;

/** @see BrowseStore.stats */
export function prepareStats(db: DatabaseSync): () => StoreStats {
  const counts = prepareRows<StatusCount>(
    db,
    'select destination, status, count from delivery_counts where count <> 0',
  );
  const order = prepareRows<OrderCount>(db, ORDER_COUNTS_SQL);
  const held = prepareRows<{ destination: string; count: number }>(
    db,
    'select destination, count from held_counts where count <> 0',
  );
  const oldestHeld = prepareRows<{ at: number }>(db, OLDEST_HELD_SQL);
  const oldestSinceFreed = prepareRows<{ at: number }>(db, OLDEST_SINCE_FREED_SQL);
  const events = prepareRows<{ value: number }>(db, `select value from totals where name = 'events'`);
  const oldestDue = prepareRows<{ at: number }>(db, OLDEST_DUE_SQL);
  const oldestWaiting = prepareRows<{ at: number }>(db, OLDEST_WAITING_SQL);
  const size = prepareRows<{ bytes: number }>(
    db,
    'select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()',
  );
  const path = db.location();
  return () => {
    const ofWal = path === null ? 0 : walBytes(path);
    const rows = counts.all();
    // A delivery is due the moment it is created, so the earliest due time dates the oldest first attempt.
    const heldRows = held.all();
    const heldOf = new Map(heldRows.map(({ destination, count }) => [destination, count]));
    const times = rows
      .filter(
        ({ status, destination, count }) => status === 'pending' && count > (heldOf.get(destination) ?? 0),
      )
      .map(
        ({ destination }) =>
          oldestDue.get(destination) ??
          (heldOf.has(destination) ? oldestSinceFreed.get(destination) : undefined),
      );
    times.push(oldestWaiting.get());
    const known = times.flatMap((time) => (time === undefined ? [] : [time.at]));
    return {
      order: order.all().map(({ destination, waiting, blocked }) => ({ destination, waiting, blocked })),
      held: heldRows.map(({ destination, count }): HeldCount => {
        return { destination, count, oldestAtMs: oldestHeld.get(destination)?.at ?? null };
      }),
      counts: rows.map(({ destination, status, count }) => ({ destination, status, count })),
      events: events.get()!.value,
      oldestPendingAtMs: known.length === 0 ? null : Math.min(...known),
      databaseBytes: size.get()!.bytes + ofWal,
      walBytes: ofWal,
    };
  };
}
