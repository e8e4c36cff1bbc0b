import { Counter, Gauge, type Registry } from 'prom-client';
import type { Handlers } from '../subscriber.ts';
import type { Names } from './names.ts';

export const RECONCILE_RESULTS = ['ended', 'failed'] as const;

/** What comparisons with providers found. */
export function reconcileMetrics(registry: Registry, sources: Names): Handlers {
  const counter = (name: string, help: string, ...labels: string[]) =>
    new Counter({ name, help, labelNames: ['source', ...labels], registers: [registry] });
  const runs = counter(
    'webhook_reconcile_runs_total',
    'Comparisons of a source with its provider, by result.',
    'result',
  );
  const missing = counter(
    'webhook_reconcile_missing_total',
    'Events that a provider has and the receiver had not.',
  );
  const fetched = counter(
    'webhook_reconcile_fetched_total',
    'Missing events that were fetched from the provider, or requested from it.',
  );
  const last = new Gauge({
    name: 'webhook_reconcile_last_success_timestamp_seconds',
    help: 'When a comparison of the source last ended without a failure; 0 before.',
    labelNames: ['source'],
    registers: [registry],
  });
  sources.each((source) => {
    for (const result of RECONCILE_RESULTS) runs.inc({ source, result }, 0);
    for (const one of [missing, fetched]) one.inc({ source }, 0);
    last.set({ source }, 0);
  });
  return {
    'reconcile.ended': ({ source, error, missing: found, fetched: stored, requested, atMs }) => {
      runs.inc({ source, result: error === null ? 'ended' : 'failed' });
      missing.inc({ source }, found);
      fetched.inc({ source }, stored + requested);
      if (error === null) last.set({ source }, atMs / 1000);
    },
  };
}
