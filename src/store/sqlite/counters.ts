import type { DatabaseSync } from 'node:sqlite';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../../domain/delivery.ts';

/**
 * Counts the deliveries in each status, and the events. Changes gather during a transaction and are written once before
 * its commit, so a batch of a thousand costs a handful of row updates.
 */
export type Counters = Readonly<{
  /** Pending deliveries, including the changes of the open transaction. */
  pending(): number;
  add(destination: string, status: DeliveryStatus, change: number): void;
  move(destination: string, from: DeliveryStatus, to: DeliveryStatus): void;
  /** Changes how many deliveries wait for their turn, or how many keys are blocked. */
  addOrder(destination: string, name: 'waiting' | 'blocked', change: number): void;
  addEvents(change: number): void;
  /** Writes the changes of the open transaction. */
  write(): void;
  /** After the commit: the changes stay. */
  keep(): void;
  /** After a rollback: the changes are dropped. */
  forget(): void;
}>;

export function openCounters(db: DatabaseSync): Counters {
  const addCount = db.prepare(
    `insert into delivery_counts (destination, status, count) values (?, ?, ?)
     on conflict (destination, status) do update set count = count + excluded.count`,
  );
  const addTotal = db.prepare(`update totals set value = value + ? where name = 'events'`);
  const addOrderCount = db.prepare(
    `insert into order_counts (destination, name, count) values (?, ?, ?)
     on conflict (destination, name) do update set count = count + excluded.count`,
  );
  const row = db
    .prepare(`select coalesce(sum(count), 0) as pending from delivery_counts where status = 'pending'`)
    .get();

  let committedPending = Number(row!.pending);
  let pendingChange = 0;
  let eventsChange = 0;
  const changes = new Map<string, Record<DeliveryStatus, number>>();
  const orderChanges = new Map<string, Record<'waiting' | 'blocked', number>>();

  const clear = () => {
    pendingChange = 0;
    eventsChange = 0;
    changes.clear();
    orderChanges.clear();
  };
  const add = (destination: string, status: DeliveryStatus, change: number) => {
    let counts = changes.get(destination);
    if (counts === undefined) {
      counts = { pending: 0, processing: 0, completed: 0, failed: 0 };
      changes.set(destination, counts);
    }
    counts[status] += change;
    if (status === 'pending') pendingChange += change;
  };
  return {
    pending: () => committedPending + pendingChange,
    add,
    move(destination, from, to) {
      add(destination, from, -1);
      add(destination, to, 1);
    },
    addOrder(destination, name, change) {
      const counts = orderChanges.get(destination) ?? { waiting: 0, blocked: 0 };
      counts[name] += change;
      orderChanges.set(destination, counts);
    },
    addEvents(change) {
      eventsChange += change;
    },
    write() {
      for (const [destination, counts] of changes) {
        for (const status of DELIVERY_STATUSES) {
          if (counts[status] !== 0) addCount.run(destination, status, counts[status]);
        }
      }
      for (const [destination, { waiting, blocked }] of orderChanges) {
        if (waiting !== 0) addOrderCount.run(destination, 'waiting', waiting);
        if (blocked !== 0) addOrderCount.run(destination, 'blocked', blocked);
      }
      if (eventsChange !== 0) addTotal.run(eventsChange);
    },
    keep() {
      committedPending += pendingChange;
      clear();
    },
    forget: clear,
  };
}
