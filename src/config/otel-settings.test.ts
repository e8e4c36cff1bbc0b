import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainConfig } from './explain.ts';
import { loadConfig } from './load.ts';
import { OTEL_ROWS } from './otel-settings.ts';
import { readEnv } from './settings.ts';
import { toTelemetry } from './to-telemetry.ts';
import type { Env } from './variable.ts';

const telemetryOf = (env: Env) => {
  const reading = readEnv(env);
  assert.deepEqual(reading.problems, []);
  return toTelemetry(reading);
};

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('a value of a variable of OpenTelemetry that is not supported', () => {
  const WRONG: Readonly<Record<Exclude<keyof typeof OTEL_ROWS, 'OTEL_SERVICE_NAME'>, readonly string[]>> = {
    OTEL_SDK_DISABLED: ['yes', '1'],
    OTEL_RESOURCE_ATTRIBUTES: ['a', 'a=%zz', '=b'],
    OTEL_TRACES_EXPORTER: ['console', 'zipkin', 'otlp,console', 'OTLP'],
    OTEL_METRICS_EXPORTER: ['prometheus'],
    OTEL_PROPAGATORS: ['b3', 'baggage', 'tracecontext,b3'],
    OTEL_EXPORTER_OTLP_ENDPOINT: ['collector:4318', 'grpc://collector', 'ftp://collector', 'http://c/#a'],
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ['unix:///run/collector'],
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: ['collector'],
    OTEL_EXPORTER_OTLP_PROTOCOL: ['grpc', 'http/json'],
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ['grpc'],
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: ['http/json'],
    OTEL_EXPORTER_OTLP_HEADERS: ['authorization', 'a b=c', 'a=%0a', 'a=%zz'],
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: ['=c'],
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: ['authorization'],
    OTEL_EXPORTER_OTLP_TIMEOUT: ['0', '-1', '10s'],
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: ['1.5'],
    OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: ['x'],
    OTEL_EXPORTER_OTLP_COMPRESSION: ['zstd', 'deflate'],
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: ['br'],
    OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: ['GZIP'],
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: ['delta', 'lowmemory'],
    OTEL_TRACES_SAMPLER: ['jaeger_remote', 'xray', 'parentbased_jaeger_remote', 'on'],
    OTEL_TRACES_SAMPLER_ARG: ['2', '-0.1', '10%'],
    OTEL_BSP_SCHEDULE_DELAY: ['0', '5s'],
    OTEL_BSP_EXPORT_TIMEOUT: ['-1'],
    OTEL_BSP_MAX_QUEUE_SIZE: ['0', '1000001'],
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: ['0'],
    OTEL_METRIC_EXPORT_INTERVAL: ['0'],
    OTEL_METRIC_EXPORT_TIMEOUT: ['1m'],
  };
  for (const [name, texts] of Object.entries(WRONG)) {
    it(`ends the start with its name: ${name}`, async () => {
      for (const text of texts) {
        const start = loadConfig({ env: { [name]: text }, cwd: '/nowhere', userConfig: {} });
        await assert.rejects(start, (error: Error & { problems: readonly string[] }) => {
          assert.equal(error.problems.length, 1);
          assert.ok(error.problems[0]!.startsWith(`${name}: got `), error.message);
          return true;
        });
      }
    });
  }

  it('is looked for in every variable but the name of the service, which takes any text', () => {
    assert.deepEqual(
      [...Object.keys(WRONG), 'OTEL_SERVICE_NAME'].toSorted(),
      Object.keys(OTEL_ROWS).toSorted(),
    );
  });
});

describe('whether traces are made', () => {
  const cases: readonly (readonly [string, Env, boolean])[] = [
    ['nothing is set', {}, false],
    ['an endpoint is', ENDPOINT, true],
    ['an endpoint of traces is', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c/t' }, true],
    ['an endpoint of metrics alone is', { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c/m' }, false],
    ['the exporter is named', { OTEL_TRACES_EXPORTER: 'otlp' }, true],
    ['the exporter is none', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, false],
    ['the SDK is disabled', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'TRUE' }, false],
    ['the SDK is not disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }, true],
    ['the endpoint is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  ];
  for (const [when, env, made] of cases) {
    it(`${made ? 'they are' : 'they are not'} where ${when}`, () => {
      assert.equal(telemetryOf(env).traces !== null, made);
    });
  }

  it('says nothing of metrics, which the SDK being disabled turns off, too', () => {
    assert.equal(telemetryOf(ENDPOINT).metrics, null);
    const on = { ...ENDPOINT, OTEL_METRICS_EXPORTER: 'otlp' };
    assert.equal(telemetryOf(on).metrics?.url, 'http://collector:4318/v1/metrics');
    assert.equal(telemetryOf({ ...on, OTEL_SDK_DISABLED: 'true' }).metrics, null);
  });
});

describe('what is sent, and where', () => {
  it('has the defaults of OpenTelemetry', () => {
    const { resource, traces } = telemetryOf({ OTEL_TRACES_EXPORTER: 'otlp' });
    assert.deepEqual(resource, { 'service.name': 'webhook-receiver' });
    assert.deepEqual(traces, {
      ...{ url: 'http://localhost:4318/v1/traces', headers: {}, timeoutMs: 10_000, compression: 'none' },
      ...{ sampler: 'parentbased_always_on', samplerRatio: 1 },
      batch: { delayMs: 5000, exportTimeoutMs: 30_000, maxQueue: 2048, maxBatch: 512 },
    });
  });

  it('has what is set for traces before what is set for all', () => {
    const { traces, metrics } = telemetryOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector/otlp/',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://metrics/here',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a%3D%3D, tenant=one',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'tenant=two',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '100',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'none',
    });
    assert.equal(traces!.url, 'https://collector/otlp/v1/traces');
    assert.deepEqual(traces!.headers, { authorization: 'Bearer a==', tenant: 'two' });
    assert.deepEqual([traces!.timeoutMs, traces!.compression], [100, 'none']);
    assert.equal(metrics!.url, 'https://metrics/here');
    assert.deepEqual(metrics!.headers, { authorization: 'Bearer a==', tenant: 'one' });
    assert.deepEqual([metrics!.timeoutMs, metrics!.compression], [10_000, 'gzip']);
  });

  it('has the sampler and the batches that are set', () => {
    const { traces } = telemetryOf({
      ...ENDPOINT,
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_BSP_SCHEDULE_DELAY: '1',
      OTEL_BSP_EXPORT_TIMEOUT: '2',
      OTEL_BSP_MAX_QUEUE_SIZE: '3',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4',
    });
    assert.deepEqual([traces!.sampler, traces!.samplerRatio], ['traceidratio', 0.25]);
    assert.deepEqual(traces!.batch, { delayMs: 1, exportTimeoutMs: 2, maxQueue: 3, maxBatch: 4 });
  });

  it('is of the service that OTEL_SERVICE_NAME names, before the attributes of the resource', () => {
    const attributes = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=a,deployment.environment.name=x%2Cy' };
    assert.deepEqual(telemetryOf(attributes).resource, {
      'service.name': 'a',
      'deployment.environment.name': 'x,y',
    });
    const named = { ...attributes, OTEL_SERVICE_NAME: 'b' };
    assert.equal(telemetryOf(named).resource['service.name'], 'b');
  });
});

describe('the headers for the collector', () => {
  const HEADERS = {
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=hunter2',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-key=hunter2',
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-key=hunter2',
  };

  it('are not shown, nor are credentials in its URL', async () => {
    const env = {
      ...HEADERS,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://me:hunter2@collector/hunt?key=hunter2',
      OTEL_METRICS_EXPORTER: 'otlp',
    };
    const config = await loadConfig({ env, cwd: '/nowhere', userConfig: {} });
    const shown = JSON.stringify(explainConfig(config));
    assert.match(shown, /"authorization":"\(redacted\)"/);
    assert.doesNotMatch(shown, /hunter2/);
  });

  it('are not in the mistakes of the start', async () => {
    for (const name of Object.keys(HEADERS)) {
      const env = { [name]: 'hunter2 is no pair' };
      const start = loadConfig({ env, cwd: '/nowhere', userConfig: {} });
      await assert.rejects(
        start,
        ({ message }: Error) => message.includes(name) && !message.includes('hunter2'),
      );
    }
  });
});

describe('TRACE_URL_TEMPLATE', () => {
  it('takes http and https URLs with a place for the id', () => {
    for (const url of ['https://g/explore?id={trace_id}', 'http://t/{trace_id}#{trace_id}']) {
      assert.equal(readEnv({ TRACE_URL_TEMPLATE: url }).values.TRACE_URL_TEMPLATE, url);
    }
  });

  for (const url of [
    'https://g/explore',
    'javascript:alert({trace_id})',
    'data:text/html,{trace_id}',
    'ftp://t/{trace_id}',
    '{trace_id}',
    '//t/{trace_id}',
  ]) {
    it(`ends the start: ${url}`, () => {
      const { problems } = readEnv({ TRACE_URL_TEMPLATE: url });
      assert.equal(problems.length, 1);
      assert.match(problems[0]!, /^TRACE_URL_TEMPLATE: got .*, takes an http or https URL with \{trace_id\}/);
    });
  }
});
