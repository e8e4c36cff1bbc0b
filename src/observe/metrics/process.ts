import { collectDefaultMetrics, Registry } from 'prom-client';

let shared: Registry | null = null;

/**
 * Node's own metrics: memory, CPU, event loop lag, garbage collection. They belong to the process, and the
 * observers behind them cannot be stopped, so all receivers of a process share one set.
 */
export function processRegistry(): Registry {
  if (shared === null) {
    shared = new Registry();
    collectDefaultMetrics({ register: shared });
  }
  return shared;
}
