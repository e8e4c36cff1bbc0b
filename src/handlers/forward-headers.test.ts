import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { forwardHeaders } from './forward-headers.ts';

test('keeps order, casing and repeats, and puts the replacements last', () => {
  const original = ['B', '1', 'a', '2', 'b', '3', 'Cookie', ''];
  assert.deepEqual(forwardHeaders(original, ['X', 'y']), [...original, 'X', 'y']);
});

test('replaces in any case, all of the repeats', () => {
  const original = ['IDEMPOTENCY-KEY', 'a', 'idempotency-key', 'b', 'Other', 'c'];
  assert.deepEqual(forwardHeaders(original, ['Idempotency-Key', 'd']), [
    'Other',
    'c',
    'Idempotency-Key',
    'd',
  ]);
});

test('takes out what Connection names, over several of them, in any case', () => {
  const original = [
    'connection',
    'close, X-One',
    'Connection',
    'x-two',
    'x-one',
    '1',
    'X-Two',
    '2',
    'X-3',
    '3',
  ];
  assert.deepEqual(forwardHeaders(original, []), ['X-3', '3']);
});

test('a Connection header cannot take out a replacement', () => {
  const original = ['Connection', 'webhook-id, x-mine', 'Webhook-Id', 'theirs'];
  assert.deepEqual(forwardHeaders(original, ['webhook-id', 'ours']), ['webhook-id', 'ours']);
});

test('whatever comes in, no hop-by-hop header goes out, and every other one does', () => {
  const hop = [
    'Connection',
    'Keep-Alive',
    'Proxy-Foo',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Host',
  ];
  const endToEnd = ['Content-Type', 'X-Signature', 'x-signature', 'Accept', 'Te-x'];
  const field = (names: string[]) => fc.tuple(fc.constantFrom(...names), fc.constantFrom('', 'close', 'v'));
  fc.assert(
    fc.property(fc.array(fc.oneof(field(hop), field(endToEnd))), (fields) => {
      const expected = fields.filter(([name]) => endToEnd.includes(name)).flat();
      assert.deepEqual(forwardHeaders(fields.flat(), []), expected);
    }),
  );
});
