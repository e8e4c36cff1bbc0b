import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Emit } from '../../events.ts';
import type { SearchObserver } from '../../store/run-search.ts';
import type { Handlers } from '../subscriber.ts';
import { seconds } from './labels.ts';

const SLICE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Metrics of searches, those of bulk operations and exports included. */
export function searchMetrics(registry: Registry): Handlers {
  const running = new Gauge({
    name: 'webhook_searches_running',
    help: 'Searches that this process runs, of at most two.',
    registers: [registry],
  });
  const slices = new Histogram({
    name: 'webhook_search_slice_seconds',
    help: 'Duration of one slice of a search.',
    buckets: SLICE_BUCKETS,
    registers: [registry],
  });
  const rows = new Counter({
    name: 'webhook_search_rows_total',
    help: 'Rows that searches have looked at.',
    registers: [registry],
  });
  const refused = new Counter({
    name: 'webhook_searches_refused_total',
    help: 'Searches that did not come to their turn in time.',
    registers: [registry],
  });
  return {
    'search.running': ({ searches }) => running.set(searches),
    'search.sliced': ({ durationMs, rows: looked }) => {
      slices.observe(seconds(durationMs));
      rows.inc(looked);
    },
    'search.refused': () => refused.inc(),
  };
}

/** Reports what searches do as events of the receiver, which the metrics count. */
export function createSearchObserver(emit: Emit): SearchObserver {
  return {
    onRunning: (searches) => emit({ type: 'search.running', searches }),
    onSlice: (durationMs, rows) => emit({ type: 'search.sliced', durationMs, rows }),
    onRefused: () => emit({ type: 'search.refused' }),
  };
}
