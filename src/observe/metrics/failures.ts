import { Gauge, type Registry } from 'prom-client';
import type { FailureGroup } from '../../store/store.ts';
import type { Names } from './names.ts';

/** Gauges of dead letters by cause. */
export type FailureGauges = Readonly<{
  set: (groups: readonly FailureGroup[]) => void;
  /** Removes the samples, since an old value would pass for a current one. */
  clear: () => void;
}>;

export function createFailureGauges(registry: Registry, destinations: Names): FailureGauges {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['destination'], registers: [registry] });
  const groups = gauge('webhook_failure_groups', 'Causes that dead letters of the destination have.');
  const other = gauge(
    'webhook_failures_other',
    'Dead letters of the destination without a cause of their own.',
  );
  return {
    set(found) {
      const named = new Map<string, number>(destinations.current().map((name) => [name, 0]));
      const rest = new Map(named);
      for (const { destination, group, count } of found) {
        if (group === null) rest.set(destination, count);
        else named.set(destination, (named.get(destination) ?? 0) + 1);
      }
      groups.reset();
      other.reset();
      for (const [destination, count] of named) groups.set({ destination }, count);
      for (const [destination, count] of rest) other.set({ destination }, count);
    },
    clear() {
      groups.reset();
      other.reset();
    },
  };
}
