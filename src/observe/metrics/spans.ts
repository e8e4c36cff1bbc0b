import { Counter, type Registry } from 'prom-client';
import { SPAN_DROPS } from '../../trace/span-drops.ts';
import type { Handlers } from '../subscriber.ts';

/** What became of the spans of the receiver's own SDK. */
export function spanMetrics(registry: Registry): Handlers {
  const exported = new Counter({
    name: 'webhook_spans_exported_total',
    help: 'Spans that the collector took.',
    registers: [registry],
  });
  const dropped = new Counter({
    name: 'webhook_spans_dropped_total',
    help: 'Spans that did not reach the collector.',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of SPAN_DROPS) dropped.inc({ reason }, 0);
  return {
    'spans.exported': ({ count }) => exported.inc(count),
    'spans.dropped': ({ count, reason }) => dropped.inc({ reason }, count),
  };
}
