import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { context, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  TracerProvider as SdkProvider,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { eventually } from '../../testkit/eventually.ts';
import { type Cleanup, startReceiver } from '../../testkit/receiver.ts';

/** Sets up an SDK as a program does. */
function setUp(t: Cleanup, wrap: (provider: SdkProvider) => TracerProvider, ratio = 1) {
  const exporter = new InMemorySpanExporter();
  const provider = new SdkProvider({
    sampler: new TraceIdRatioBasedSampler(ratio),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  trace.setGlobalTracerProvider(wrap(provider));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  t.after(async () => {
    trace.disable();
    context.disable();
  });
  return exporter;
}

async function acceptOne(url: string, key = '1'): Promise<string> {
  const response = await fetch(`${url}/webhooks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ idempotency_key: key, event_type: 'a', payload: {} }),
  });
  return ((await response.json()) as { id: string }).id;
}

/** Whatever the environment asks for is the program's own affair. */
const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };

describe('a receiver inside a program', () => {
  it("makes its spans by the program's SDK, under the event's ids", async (t) => {
    const exporter = setUp(t, (provider) => provider);
    const { url } = await startReceiver(t, { env });
    const id = await acceptOne(url);
    const spans = await eventually('the settlement is recorded', () => {
      const found: ReadableSpan[] = exporter.getFinishedSpans();
      return found.some(({ name }) => name === 'process sink') && found;
    });
    const digest = hash('sha256', id);
    const accept = spans.find(({ name }) => name === 'POST /webhooks/{source}')!;
    assert.equal(accept.spanContext().traceId, digest.slice(0, 32));
    assert.equal(accept.spanContext().spanId, digest.slice(32, 48));
    assert.equal(accept.parentSpanContext, undefined);
    const attempt = spans.find(({ name }) => name === 'process sink')!;
    assert.equal(attempt.parentSpanContext!.spanId, accept.spanContext().spanId);
  });

  it("records what the program's sampler takes", async (t) => {
    const exporter = setUp(t, (provider) => provider, 0);
    const { url } = await startReceiver(t, { env });
    await acceptOne(url);
    assert.deepEqual(exporter.getFinishedSpans(), []);
  });

  it("keeps the event's trace where the tracer names its spans itself", async (t) => {
    const closed = (provider: SdkProvider): TracerProvider => ({
      getTracer(name) {
        const inner = provider.getTracer(name);
        return { startSpan: (...args) => inner.startSpan(...args) } as Tracer;
      },
    });
    const exporter = setUp(t, closed);
    const { url } = await startReceiver(t, { env });
    const id = await acceptOne(url);
    const spans = await eventually('the attempt is recorded', () => {
      const found = exporter.getFinishedSpans();
      return found.some(({ name }) => name === 'process sink') && found;
    });
    const attempt = spans.find(({ name }) => name === 'process sink')!;
    assert.equal(attempt.spanContext().traceId, hash('sha256', id).slice(0, 32));
  });

  it('makes no spans, and starts no SDK, where the program has none', async (t) => {
    const { url } = await startReceiver(t, { env });
    await acceptOne(url);
    assert.equal(trace.getTracer('any').startSpan('any').isRecording(), false);
  });
});
