import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createRouter, type Destination } from './destination.ts';
import { compileGlob } from './glob.ts';

const RULES = {
  concurrency: 1,
  timeoutMs: 1000,
  retry: { maxAttempts: 1, baseDelayMs: 0, maxDelayMs: 0, jitter: 0 },
  order: null,
  rate: null,
  breaker: null,
};
const wanting = (name: string, sources: string[], events: string[]): Destination => ({
  ...RULES,
  name,
  sources,
  events,
});

test('gives those that want both source and event type, in configured order', () => {
  const route = createRouter([
    wanting('last', ['*'], ['order.*']),
    wanting('shop', ['shop', 'shop-*'], ['*']),
    wanting('all', ['*'], ['*']),
  ]);
  assert.deepEqual(route('shop', 'order.created'), ['last', 'shop', 'all']);
  assert.deepEqual(route('shop-eu', 'user.created'), ['shop', 'all']);
  assert.deepEqual(route('other', 'user.created'), ['all']);
});

test('names a destination once, however many of its globs fit', () => {
  const route = createRouter([wanting('a', ['*', 'shop'], ['order.*', '*.created', '*'])]);
  assert.deepEqual(route('shop', 'order.created'), ['a']);
});

test('gives the same for more types than it remembers, the first ones again included', () => {
  const route = createRouter([
    wanting('even', ['*'], ['*0', '*2', '*4', '*6', '*8']),
    wanting('all', ['*'], ['*']),
  ]);
  for (let round = 0; round < 2; round++) {
    for (let number = 0; number < 2_500; number++) {
      const wanted = number % 2 === 0 ? ['even', 'all'] : ['all'];
      assert.deepEqual(route(`shop-${number % 3}`, `type ${number}`), wanted);
    }
  }
});

test('gives none when none wants it, or there are none', () => {
  assert.deepEqual(createRouter([])('a', 'b'), []);
  assert.deepEqual(createRouter([wanting('a', [], ['*'])])('a', 'b'), []);
  assert.deepEqual(createRouter([wanting('a', ['*'], ['b.*'])])('a', 'b'), []);
});

test('asks each destination by itself: others change nothing', () => {
  const globs = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 3 }), { maxLength: 3 });
  const names = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 });
  const filters = fc.array(fc.tuple(globs, globs), { maxLength: 5 });
  fc.assert(
    fc.property(filters, names, names, (pairs, source, type) => {
      const route = createRouter(pairs.map(([sources, events], at) => wanting(`d${at}`, sources, events)));
      const fits = (patterns: string[], value: string) => patterns.some((glob) => compileGlob(glob)(value));
      const expected = pairs.flatMap(([sources, events], at) =>
        fits(sources, source) && fits(events, type) ? [`d${at}`] : [],
      );
      assert.deepEqual(route(source, type), expected);
    }),
  );
});
