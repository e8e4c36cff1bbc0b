import type { DatabaseSync } from 'node:sqlite';
import type { OrderCount, StatusCount, StoreStats } from '../store.ts';
import { prepareRows } from './prepare-rows.ts';
import { walBytes } from './wal.ts';

/** The pending delivery that has waited longest: the first of each destination's due index, or a waiting retry. */
const OLDEST_DUE_SQL = `
  select due_at as at from deliveries where destination = ? and status = 'pending' order by due_at limit 1`;
const OLDEST_WAITING_SQL = `
  select created_at as at from deliveries where status = 'pending' and due_at <> created_at
  order by created_at limit 1`;

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
    const times = rows
      .filter(({ status }) => status === 'pending')
      .map(({ destination }) => oldestDue.get(destination));
    times.push(oldestWaiting.get());
    const known = times.flatMap((time) => (time === undefined ? [] : [time.at]));
    return {
      order: order.all().map(({ destination, waiting, blocked }) => ({ destination, waiting, blocked })),
      counts: rows.map(({ destination, status, count }) => ({ destination, status, count })),
      events: events.get()!.value,
      oldestPendingAtMs: known.length === 0 ? null : Math.min(...known),
      databaseBytes: size.get()!.bytes + ofWal,
      walBytes: ofWal,
    };
  };
}
