import { Counter, Gauge, type Registry } from 'prom-client';
import type { Standing } from '../../domain/destination-state.ts';
import type { Handlers } from '../subscriber.ts';
import type { Names } from './names.ts';

/** Metrics of breakers, and of the guard of the disk. */
export function breakerMetrics(registry: Registry, destinations: Names): Handlers {
  const trips = new Counter({
    name: 'webhook_breaker_trips_total',
    help: 'Times that this process opened the breaker of a destination.',
    labelNames: ['destination'],
    registers: [registry],
  });
  destinations.each((destination) => trips.inc({ destination }, 0));
  const diskLow = new Gauge({
    name: 'webhook_disk_low',
    help: '1 while new events are refused because the disk has less free space than MIN_FREE_DISK_BYTES, else 0.',
    registers: [registry],
  });
  return {
    'destination.tripped': ({ destination }) => trips.inc({ destination }),
    'store.disk_low': ({ isLow }) => diskLow.set(isLow ? 1 : 0),
  };
}

/** @returns sets the gauges of what destinations get, at each scrape */
export function createStandingGauges(
  registry: Registry,
  destinations: Names,
): (standingOf: (destination: string) => Standing) => void {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['destination'], registers: [registry] });
  const held = gauge('webhook_destination_held', '1 while an operator holds the destination, else 0.');
  const open = gauge('webhook_breaker_open', '1 while the breaker of the destination is open, else 0.');
  return (standingOf) => {
    for (const one of [held, open]) one.reset();
    for (const destination of destinations.current()) {
      const standing = standingOf(destination);
      held.set({ destination }, standing === 'held' ? 1 : 0);
      open.set({ destination }, standing === 'tripped' ? 1 : 0);
    }
  };
}
