import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { exemplified } from './metrics/exemplified.ts';
import { type Family, openMetricsText, takesOpenMetrics } from './open-metrics.ts';

const IDS = { trace_id: 'ab'.repeat(16), span_id: 'cd'.repeat(8) };

it('writes counters, gauges and histograms with their exemplars', async () => {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'events_total', help: 'Events "so far".', labelNames: ['source'], registers }).inc({
    source: 'a"b\\c',
  });
  new Gauge({ name: 'depth', help: 'Depth.', registers }).set(-1.5);
  const duration = new Histogram({
    ...{ name: 'wait_seconds', help: 'Wait.', buckets: [0.1, 1], registers },
  });
  const observe = exemplified(duration, {});
  observe(0.05, {});
  observe(0.5, { trace: { traceId: IDS.trace_id, spanId: IDS.span_id, isSampled: true } });
  const text = openMetricsText((await registry.getMetricsAsJSON()) as unknown as Family[]);
  assert.equal(
    text,
    `# TYPE events counter
# HELP events Events \\"so far\\".
events_total{source="a\\"b\\\\c"} 1
# TYPE depth gauge
# HELP depth Depth.
depth -1.5
# TYPE wait_seconds histogram
# HELP wait_seconds Wait.
wait_seconds_bucket{le="0.1"} 1
wait_seconds_bucket{le="1"} 2 # {trace_id="${IDS.trace_id}",span_id="${IDS.span_id}"} 0.5
wait_seconds_bucket{le="+Inf"} 2
wait_seconds_sum 0.55
wait_seconds_count 2
# EOF
`,
  );
  assert.match(await registry.metrics(), /^events_total/m, 'the older format is as it was');
});

it('is for scrapers that list it', () => {
  const prometheus =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.1';
  assert.equal(takesOpenMetrics(prometheus), true);
  for (const accept of [undefined, '*/*', 'text/plain', 'text/html, application/json']) {
    assert.equal(takesOpenMetrics(accept), false);
  }
});
