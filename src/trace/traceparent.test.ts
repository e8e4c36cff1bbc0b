import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTraceparent, traceHeaders } from './traceparent.ts';

const TRACE = 'ab'.repeat(16);
const SPAN = 'cd'.repeat(8);

describe('readTraceparent', () => {
  const valid: readonly (readonly [string, string])[] = [
    ['a sampled context', `00-${TRACE}-${SPAN}-01`],
    ['flags that are not known', `00-${TRACE}-${SPAN}-03`],
    ['a later version with more parts', `01-${TRACE}-${SPAN}-01-more`],
  ];
  for (const [what, text] of valid) {
    it(`takes ${what}`, () => {
      const context = readTraceparent(['Traceparent', text])!;
      assert.deepEqual([context.traceId, context.spanId, context.traceFlags], [TRACE, SPAN, 1]);
    });
  }

  const invalid: readonly (readonly [string, readonly string[]])[] = [
    ['none', []],
    ['version ff', ['traceparent', `ff-${TRACE}-${SPAN}-01`]],
    ['more parts in version 00', ['traceparent', `00-${TRACE}-${SPAN}-01-more`]],
    ['a trace of zeros', ['traceparent', `00-${'0'.repeat(32)}-${SPAN}-01`]],
    ['a span of zeros', ['traceparent', `00-${TRACE}-${'0'.repeat(16)}-01`]],
    ['upper case', ['traceparent', `00-${TRACE.toUpperCase()}-${SPAN}-01`]],
    ['two', ['traceparent', `00-${TRACE}-${SPAN}-01`, 'traceparent', `00-${TRACE}-${SPAN}-01`]],
    ['another text', ['traceparent', 'x'.repeat(100_000)]],
  ];
  for (const [what, headers] of invalid) {
    it(`takes ${what} for no context`, () => assert.equal(readTraceparent(headers), null));
  }
});

it('writes a context as it was read', () => {
  const headers = ['traceparent', `00-${TRACE}-${SPAN}-00`, 'tracestate', 'a=b,c=d'];
  assert.deepEqual(traceHeaders(readTraceparent(headers)!), headers);
});
