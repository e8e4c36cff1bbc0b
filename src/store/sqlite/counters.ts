import type { DatabaseSync } from 'node:sqlite';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../../domain/delivery.ts';

/**
 * Counts the deliveries in each status, and the events. Changes gather during a transaction and are written once before
 * its commit, so a batch of a thousand costs a handful of row updates.
 */
export type Counters = Readonly<{
  /** Deliveries that are pending and not held, including the changes of the open transaction. */
  pending(): number;
  /** Held deliveries, including those changes. */
  held(): number;
  add(destination: string, status: DeliveryStatus, change: number): void;
  move(destination: string, from: DeliveryStatus, to: DeliveryStatus): void;
  /** Changes how many deliveries wait for their turn, or how many keys are blocked. */
  addOrder(destination: string, name: 'waiting' | 'blocked', change: number): void;
  /** Changes how many of the pending deliveries are held. */
  addHeld(destination: string, change: number): void;
  addEvents(change: number): void;
  /** Writes the changes of the open transaction. */
  write(): void;
  /** After the commit: the changes stay. */
  keep(): void;
  /** After a rollback: the changes are dropped. */
  forget(): void;
}>;

export function openCounters(db: DatabaseSync): Counters {
  const { writeCounts, writeOrder, writeHeld, addTotal, start } = prepareCounts(db);
  let committedHeld = start.held;
  let committedPending = start.pending - committedHeld;
  let pendingChange = 0;
  let heldChange = 0;
  let eventsChange = 0;
  const changes = new Map<string, Record<DeliveryStatus, number>>();
  const orderChanges = new Map<string, Record<'waiting' | 'blocked', number>>();
  const heldChanges = new Map<string, number>();

  const clear = () => {
    pendingChange = 0;
    heldChange = 0;
    eventsChange = 0;
    changes.clear();
    orderChanges.clear();
    heldChanges.clear();
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
    held: () => committedHeld + heldChange,
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
    addHeld(destination, change) {
      heldChanges.set(destination, (heldChanges.get(destination) ?? 0) + change);
      heldChange += change;
      pendingChange -= change;
    },
    addEvents(change) {
      eventsChange += change;
    },
    write() {
      for (const change of changes) writeCounts(...change);
      for (const change of orderChanges) writeOrder(...change);
      for (const change of heldChanges) writeHeld(...change);
      if (eventsChange !== 0) addTotal.run(eventsChange);
    },
    keep() {
      committedPending += pendingChange;
      committedHeld += heldChange;
      clear();
    },
    forget: clear,
  };
}

/** The statements that write the changes, and what was committed at the start. */
function prepareCounts(db: DatabaseSync) {
  const row = db
    .prepare(
      `select (select coalesce(sum(count), 0) from delivery_counts where status = 'pending') as pending,
         (select coalesce(sum(count), 0) from held_counts) as held`,
    )
    .get();
  const addCount = db.prepare(
    `insert into delivery_counts (destination, status, count) values (?, ?, ?)
     on conflict (destination, status) do update set count = count + excluded.count`,
  );
  const addOrderCount = db.prepare(
    `insert into order_counts (destination, name, count) values (?, ?, ?)
     on conflict (destination, name) do update set count = count + excluded.count`,
  );
  const addHeldCount = db.prepare(
    `insert into held_counts (destination, count) values (?, ?)
     on conflict (destination) do update set count = count + excluded.count`,
  );
  return {
    start: { pending: Number(row!.pending), held: Number(row!.held) },
    addTotal: db.prepare(`update totals set value = value + ? where name = 'events'`),
    writeCounts(destination: string, counts: Record<DeliveryStatus, number>) {
      for (const status of DELIVERY_STATUSES) {
        if (counts[status] !== 0) addCount.run(destination, status, counts[status]);
      }
    },
    writeOrder(destination: string, { waiting, blocked }: Record<'waiting' | 'blocked', number>) {
      if (waiting !== 0) addOrderCount.run(destination, 'waiting', waiting);
      if (blocked !== 0) addOrderCount.run(destination, 'blocked', blocked);
    },
    writeHeld(destination: string, change: number) {
      if (change !== 0) addHeldCount.run(destination, change);
    },
  };
}
