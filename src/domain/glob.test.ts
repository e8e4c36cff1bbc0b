import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compileGlob } from './glob.ts';

/** What a glob means, said with a regular expression: right, but slow for some patterns. */
function oracle(pattern: string): (value: string) => boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('[^]*');
  const expression = new RegExp(`^${source}$`);
  return (value) => expression.test(value);
}

test('takes what its words promise', () => {
  const taken = [
    ['*', ''],
    ['*', 'anything'],
    ['order.*', 'order.created'],
    ['order.*', 'order.line.added'],
    ['order.*', 'order.'],
    ['*.created', 'order.created'],
    ['a*b*c', 'aXbYc'],
    ['a*b*c', 'abc'],
    ['**', 'x'],
    ['', ''],
  ] as const;
  for (const [pattern, value] of taken) assert.ok(compileGlob(pattern)(value), `${pattern} takes ${value}`);
});

test('leaves the rest', () => {
  const left = [
    ['order.*', 'orders'],
    ['order.*', 'order'],
    ['order', 'order.created'],
    ['order', 'Order'],
    ['a.c', 'abc'],
    ['ab*ba', 'aba'],
    ['a*b*c', 'acb'],
    ['*aa*a', 'aa'],
    ['', 'x'],
  ] as const;
  for (const [pattern, value] of left) assert.ok(!compileGlob(pattern)(value), `${pattern} leaves ${value}`);
});

test('agrees with the regular expression, over letters few enough to meet often', () => {
  const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
  const values = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 });
  fc.assert(
    fc.property(patterns, values, (pattern, value) => {
      assert.equal(compileGlob(pattern)(value), oracle(pattern)(value));
    }),
    { numRuns: 5000 },
  );
});

test('agrees with the regular expression on any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (pattern, value) => {
      assert.equal(compileGlob(pattern)(value), oracle(pattern)(value));
    }),
  );
});

test('takes every text that is made from it', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), (parts, filler) => {
      const glob = compileGlob(parts.map((part) => part.replaceAll('*', '')).join('*'));
      assert.ok(glob(parts.map((part) => part.replaceAll('*', '')).join(filler)));
    }),
  );
});

test('is quick where a regular expression would backtrack for ages', () => {
  const glob = compileGlob(`${'*a'.repeat(50)}*b`);
  assert.equal(glob('a'.repeat(100_000)), false);
});
