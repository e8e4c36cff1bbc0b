import assert from 'node:assert/strict';
import { it } from 'node:test';
import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { createPropagator } from './propagator.ts';

const TRACEPARENT = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;

it('reads a context, and passes it on without baggage', () => {
  const propagator = createPropagator();
  const carrier = { traceparent: TRACEPARENT, tracestate: 'a=b', baggage: 'c=d' };
  const read = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
  assert.equal(trace.getSpanContext(read)!.traceId, 'ab'.repeat(16));
  const next = {};
  propagator.inject(read, next, defaultTextMapSetter);
  assert.deepEqual(next, { traceparent: TRACEPARENT, tracestate: 'a=b' });
});

it('passes nothing on where there is no context', () => {
  const next = {};
  createPropagator().inject(ROOT_CONTEXT, next, defaultTextMapSetter);
  assert.deepEqual(next, {});
});
