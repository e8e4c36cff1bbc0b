import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readEnv } from '../../src/config/settings.ts';
import { toTelemetry } from '../../src/config/to-telemetry.ts';
import { parseDeploy, withDefaults } from './support/deploy-files.ts';

type Compose = Readonly<{
  services: Readonly<
    Record<string, Readonly<{ environment?: Record<string, string>; volumes?: string[]; command?: string[] }>>
  >;
}>;
const COMPOSE = path.join(import.meta.dirname, '../../compose.yaml');
const { services } = parse(readFileSync(COMPOSE, 'utf8')) as Compose;

type Otlp = Readonly<{ otlp: Readonly<{ protocols: Readonly<{ http: Readonly<{ endpoint: string }> }> }> }>;
const collector = parseDeploy<{
  receivers: Otlp;
  processors: object;
  exporters: Record<string, { endpoint: string }>;
  service: { pipelines: Record<string, Record<'receivers' | 'processors' | 'exporters', string[]>> };
}>('tracing/collector.yaml');
const tempo = parseDeploy<{ distributor: { receivers: Otlp }; server: { http_listen_port: number } }>(
  'tracing/tempo.yaml',
);

function portOf({ otlp }: Otlp): string {
  return otlp.protocols.http.endpoint.split(':')[1]!;
}

test('the receiver sends its traces where the collector listens', () => {
  const environment = Object.fromEntries(
    Object.entries(services.receiver!.environment!).map(([name, value]) => [name, withDefaults(value)]),
  );
  const reading = readEnv(environment);
  assert.deepEqual(reading.problems, []);
  const { traces } = toTelemetry(reading);
  assert.equal(traces!.url, `http://collector:${portOf(collector.receivers)}/v1/traces`);
});

test('the collector passes them on to where Tempo listens, by parts that it has', () => {
  const [exporter] = Object.values(collector.exporters);
  assert.equal(exporter!.endpoint, `http://tempo:${portOf(tempo.distributor.receivers)}`);
  const { receivers, processors, exporters } = collector.service.pipelines.traces!;
  assert.deepEqual(receivers, Object.keys(collector.receivers));
  assert.deepEqual(processors, Object.keys(collector.processors));
  assert.deepEqual(exporters, Object.keys(collector.exporters));
});

test('each is started with the file that is mounted', () => {
  for (const name of ['collector', 'tempo']) {
    const { command = [], volumes = [] } = services[name]!;
    const file = /=(.*)$/.exec(command[0]!)![1]!;
    assert.ok(
      volumes.some((volume) => volume.endsWith(`:${file}:ro`)),
      name,
    );
  }
});

test('Grafana leads from an exemplar to Tempo, and from a span to Prometheus', () => {
  type Sources = { datasources: { uid: string; url: string; jsonData: Readonly<Record<string, unknown>> }[] };
  const file = (name: string) => parseDeploy<Sources>(`grafana/provisioning/datasources/${name}.yml`);
  const [prometheus] = file('prometheus').datasources;
  const [ofTempo] = file('tempo').datasources;
  assert.equal(ofTempo!.url, `http://tempo:${tempo.server.http_listen_port}`);
  assert.deepEqual(prometheus!.jsonData.exemplarTraceIdDestinations, [
    { name: 'trace_id', datasourceUid: ofTempo!.uid },
  ]);
  assert.equal(
    (ofTempo!.jsonData.tracesToMetrics as { datasourceUid: string }).datasourceUid,
    prometheus!.uid,
  );
  assert.ok(services.prometheus!.command!.includes('--enable-feature=exemplar-storage'));
});
