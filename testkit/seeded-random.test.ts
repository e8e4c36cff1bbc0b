import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom, testSeeds } from './seeded-random.ts';

const draw = (seed: number) => {
  const random = createSeededRandom(seed);
  return Array.from({ length: 1_000 }, () => random.next());
};

test('the same seed gives the same numbers, another seed others', () => {
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test('the numbers of a seed stay the same for ever, or old seeds would not repeat old failures', () => {
  const random = createSeededRandom(42);
  assert.deepEqual(
    Array.from({ length: 8 }, () => random.int(1_000)),
    [601, 448, 852, 669, 174, 526, 273, 624],
  );
});

test('numbers lie in [0, 1) and spread over it', () => {
  const numbers = draw(1);
  assert.ok(numbers.every((number) => number >= 0 && number < 1));
  const tenths = new Set(numbers.map((number) => Math.floor(number * 10)));
  assert.equal(tenths.size, 10);
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  assert.ok(Math.abs(mean - 0.5) < 0.05, `mean ${mean}`);
});

test('int, pick and chance reach all they may and nothing else', () => {
  const random = createSeededRandom(3);
  const ints = new Set(Array.from({ length: 200 }, () => random.int(4)));
  assert.deepEqual([...ints].sort(), [0, 1, 2, 3]);
  const picks = new Set(Array.from({ length: 200 }, () => random.pick(['a', 'b'])));
  assert.deepEqual([...picks].sort(), ['a', 'b']);
  const chances = Array.from({ length: 1_000 }, () => random.chance(0.2)).filter(Boolean).length;
  assert.ok(chances > 150 && chances < 250, `${chances} of 1000`);
  assert.throws(() => random.pick([]), RangeError);
});

test('fill fills every byte', () => {
  const bytes = new Uint8Array(4_096);
  createSeededRandom(5).fill(bytes);
  assert.equal(new Set(bytes).size, 256);
});

test('TEST_SEED replaces the usual seeds', (t) => {
  const before = process.env.TEST_SEED;
  t.after(() => {
    if (before === undefined) delete process.env.TEST_SEED;
    else process.env.TEST_SEED = before;
  });
  delete process.env.TEST_SEED;
  assert.deepEqual(testSeeds([1, 2]), [1, 2]);
  process.env.TEST_SEED = '77';
  assert.deepEqual(testSeeds([1, 2]), [77]);
  process.env.TEST_SEED = 'x';
  assert.throws(() => testSeeds([1]), /TEST_SEED takes a whole number, got x/);
});
