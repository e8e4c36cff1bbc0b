import { Gauge, type Registry } from 'prom-client';
import { DELIVERY_STATUSES } from '../../domain/delivery.ts';
import type { StatusCount, StoreStats } from '../../store/store.ts';
import { seconds } from './labels.ts';
import type { Names } from './names.ts';

/** Gauges of the store's own counts. */
export type StoreGauges = Readonly<{
  set: (stats: StoreStats, nowMs: number) => void;
  /** Removes the samples, since an old value would pass for a current one. */
  clear: () => void;
}>;

/** Gauges set from the store's own counters, so that a scrape costs the same at any size of the store. */
export function createStoreGauges(registry: Registry, destinations: Names): StoreGauges {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const depth = gauge('webhook_queue_depth', 'Deliveries that are pending and not held.');
  const age = gauge(
    'webhook_oldest_pending_age_seconds',
    'Age of the oldest delivery that is pending and not held; 0 without one.',
  );
  const heldAge = gauge('webhook_held_oldest_age_seconds', 'Age of the oldest held delivery; 0 without one.');
  const events = gauge('webhook_events_stored', 'Events in the store, whatever their status.');
  const bytes = gauge('webhook_database_bytes', 'Size of the database on disk.');
  const wal = gauge('webhook_wal_bytes', 'Size of the -wal file, a part of the database; 0 with PostgreSQL.');
  const deliveries = new Gauge({
    name: 'webhook_deliveries',
    help: 'Deliveries in the store by destination and status.',
    labelNames: ['destination', 'status'],
    registers: [registry],
  });
  const ofDestination = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['destination'], registers: [registry] });
  const waiting = ofDestination(
    'webhook_order_waiting',
    'Pending deliveries that wait for the turn of their order key.',
  );
  const held = ofDestination(
    'webhook_held',
    'Deliveries that wait for a destination that is held or tripped, until they are first claimed.',
  );
  const blocked = ofDestination(
    'webhook_order_keys_blocked',
    'Order keys that a failed delivery blocks until it is replayed or released.',
  );
  return {
    set(stats, nowMs) {
      depth.set(pendingCount(stats.counts) - stats.held.reduce((sum, { count }) => sum + count, 0));
      heldAge.set(heldAgeSeconds(stats, nowMs));
      age.set(stats.oldestPendingAtMs === null ? 0 : seconds(nowMs - stats.oldestPendingAtMs));
      events.set(stats.events);
      bytes.set(stats.databaseBytes);
      wal.set(stats.walBytes);
      setDeliveries(deliveries, destinations.current(), stats.counts);
      for (const gauge of [waiting, blocked, held]) {
        gauge.reset();
        for (const destination of destinations.current()) gauge.set({ destination }, 0);
      }
      for (const { destination, count } of stats.held) held.set({ destination }, count);
      for (const { destination, ...order } of stats.order) {
        waiting.set({ destination }, order.waiting);
        blocked.set({ destination }, order.blocked);
      }
    },
    clear() {
      for (const single of [depth, age, heldAge, events, bytes, wal]) single.remove();
      for (const labelled of [deliveries, waiting, blocked, held]) labelled.reset();
    },
  };
}

function heldAgeSeconds({ held }: StoreStats, nowMs: number): number {
  const times = held.flatMap(({ oldestAtMs }) => oldestAtMs ?? []);
  return times.length === 0 ? 0 : seconds(nowMs - Math.min(...times));
}

function pendingCount(counts: readonly StatusCount[]): number {
  return counts.reduce((sum, row) => (row.status === 'pending' ? sum + row.count : sum), 0);
}

/** A destination that left the configuration stays visible while the store has deliveries for it: they are stuck. */
function setDeliveries(
  gauge: Gauge<'destination' | 'status'>,
  destinations: readonly string[],
  counts: readonly StatusCount[],
): void {
  gauge.reset();
  for (const destination of destinations) {
    for (const status of DELIVERY_STATUSES) gauge.set({ destination, status }, 0);
  }
  for (const { destination, status, count } of counts) gauge.set({ destination, status }, count);
}
