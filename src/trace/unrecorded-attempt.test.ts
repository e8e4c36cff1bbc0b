import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { context, createContextKey, propagation, type SpanContext, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { attemptSpanId, FirstIds } from './ids.ts';
import { createPropagator } from './sdk/propagator.ts';
import { readTraceparent } from './traceparent.ts';
import type { AttemptFacts } from './tracing.ts';
import { UnrecordedAttempt } from './unrecorded-attempt.ts';

const ids = new FirstIds('event', false);
const facts: AttemptFacts = {
  event: { id: 'event', source: 'default', headers: [], body: new Uint8Array() },
  ...{ deliveryId: 'delivery', sentAs: 'delivery', destination: 'billing', attempt: 2, startedAtMs: 1234 },
};
const spanId = attemptSpanId('delivery', 2, 1234);
const traceparent = `00-${ids.traceId}-${spanId}-00`;

before(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(createPropagator());
});
after(() => {
  context.disable();
  propagation.disable();
});

it('has the ids of the event and the attempt', () => {
  const attempt = new UnrecordedAttempt({ ids, sender: null }, facts);
  const { traceId, spanId: own, isSampled } = attempt.ids;
  assert.deepEqual([traceId, own, isSampled], [ids.traceId, spanId, false]);
});

it('is what a handler finds active, over its awaits, and passes on', async () => {
  const attempt = new UnrecordedAttempt({ ids, sender: null }, facts);
  const headers: Record<string, string> = {};
  const key = createContextKey('of the handler');
  const active = await attempt.run(async () => {
    await Promise.resolve();
    propagation.inject(context.active(), headers);
    const below = context.active().setValue(key, 'kept');
    assert.deepEqual([below.getValue(key), trace.getSpan(below)], ['kept', trace.getActiveSpan()]);
    assert.equal(trace.getActiveSpan()?.isRecording(), false);
    return trace.getActiveSpan()!.spanContext();
  });
  assert.deepEqual([active.traceId, active.spanId, active.traceFlags], [ids.traceId, spanId, 0]);
  assert.deepEqual(headers, { traceparent });
  assert.equal(trace.getActiveSpan(), undefined);
});

it("tells a destination, with the sender's state where its trace is continued", () => {
  const request = { method: 'POST', url: new URL('http://127.0.0.1/'), attempt: 2, bodyBytes: 0 };
  const own = new UnrecordedAttempt({ ids, sender: null }, facts).handler.forward(request);
  assert.deepEqual(own.headers, ['traceparent', traceparent]);
  const sender = readTraceparent(['traceparent', traceparent, 'tracestate', 'x=y']) as SpanContext;
  const continued = new UnrecordedAttempt({ ids, sender }, facts).handler.forward(request);
  assert.deepEqual(continued.headers, ['traceparent', traceparent, 'tracestate', 'x=y']);
});
