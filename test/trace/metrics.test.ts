import assert from 'node:assert/strict';
import { it } from 'node:test';
import { plain } from '../../testkit/otlp-messages.ts';
import { startOtlpReceiver } from '../../testkit/otlp-receiver.ts';
import { startTraced } from './support.ts';

const DESTINATIONS = { destinations: { billing: { handler: () => {} } } };

it('sends the metrics of /metrics by OTLP, and no others', async (t) => {
  const collector = await startOtlpReceiver(t);
  const env = {
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_EXPORTER_OTLP_HEADERS: 'key=a%20b',
  };
  const receiver = await startTraced(t, collector, DESTINATIONS, env);
  await receiver.accept('1');
  const text = await (await fetch(`${receiver.url}/metrics`)).text();
  await receiver.stop();
  assert.deepEqual(collector.spans, []);
  assert.equal(collector.headers[0]!.key, 'a b');
  const sent = collector.metrics.at(-1)!;
  const shown = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
  const withSamples = shown.filter((name) => new RegExp(`^${name}(_bucket)?[{ ]`, 'm').test(text));
  assert.deepEqual(sent.map(({ name }) => name).toSorted(), withSamples.toSorted());
  const accepted = sent
    .find(({ name }) => name === 'webhook_events_total')!
    .sum!.points.find(({ attributes }) => plain(attributes).result === 'accepted')!;
  assert.equal(accepted.number, 1);
  const took = sent.find(({ name }) => name === 'webhook_accept_duration_seconds')!.histogram!.points[0]!;
  assert.equal(Number(took.count), 1);
  assert.equal(took.bucketCounts.length, took.bounds.length + 1);
});

it('answers a scraper that asks for OpenMetrics with exemplars, and any other as before', async (t) => {
  const collector = await startOtlpReceiver(t);
  const receiver = await startTraced(t, collector, DESTINATIONS);
  await receiver.accept('1');
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  const answer = await fetch(`${receiver.url}/metrics`, { headers: { accept } });
  const text = await answer.text();
  assert.match(answer.headers.get('content-type')!, /^application\/openmetrics-text; version=1\.0\.0/);
  assert.match(
    text,
    /^webhook_accept_duration_seconds_bucket\{le="[^"]+"\} 1 # \{trace_id="[0-9a-f]{32}",span_id=/m,
  );
  assert.ok(text.endsWith('# EOF\n'));
  const other = await fetch(`${receiver.url}/metrics`);
  assert.match(other.headers.get('content-type')!, /^text\/plain/);
  assert.match(await other.text(), /^webhook_events_total\{result="accepted"/m);
});
