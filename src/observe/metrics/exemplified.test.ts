import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import { type Family, openMetricsText } from '../open-metrics.ts';
import { createSubscriber } from '../subscriber.ts';
import { deliveryMetrics } from './delivery.ts';
import { createNames } from './names.ts';

const ATTEMPT = {
  type: 'attempt.finished',
  eventId: 'e',
  deliveryId: 'd',
  source: 's',
  eventType: 't',
  destination: 'billing',
  attempt: 1,
  outcome: 'succeeded',
  settlement: 'completed',
  error: null,
  httpStatus: 200,
  durationMs: 40,
  waitedMs: 7,
  dueAtMs: null,
} as const;

it('names a recorded trace at the bucket of a duration, and no other trace', async () => {
  const registry = new Registry();
  const emit = createSubscriber(deliveryMetrics(registry, createNames(['billing'])));
  const trace = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
  const bucket = async () => {
    const text = openMetricsText((await registry.getMetricsAsJSON()) as unknown as Family[]);
    return /^webhook_processing_duration_seconds_bucket{le="0.05",destination="billing"} (.*)$/m.exec(
      text,
    )![1]!;
  };
  emit(ATTEMPT);
  emit({ ...ATTEMPT, trace: { ...trace, isSampled: false } });
  assert.equal(await bucket(), '2');
  emit({ ...ATTEMPT, trace: { ...trace, isSampled: true } });
  const named = `# {trace_id="${trace.traceId}",span_id="${trace.spanId}"} 0.04`;
  assert.ok((await bucket()).startsWith(`3 ${named}`), await bucket());
});
