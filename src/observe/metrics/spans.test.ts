import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import { createSubscriber } from '../subscriber.ts';
import { spanMetrics } from './spans.ts';

it('counts spans that were sent, and by reason those that were not', async () => {
  const registry = new Registry();
  const emit = createSubscriber(spanMetrics(registry));
  emit({ type: 'spans.exported', count: 5 });
  emit({ type: 'spans.dropped', count: 2, reason: 'queue_full', error: null });
  const text = await registry.metrics();
  assert.match(text, /^webhook_spans_exported_total 5$/m);
  assert.match(text, /^webhook_spans_dropped_total{reason="queue_full"} 2$/m);
  assert.match(text, /^webhook_spans_dropped_total{reason="stopped"} 0$/m, 'from the start');
});
