import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, percentile, ratios, spread } from './stats.ts';

test('percentile is the nearest rank and ignores the order', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(values, 0.5), 50);
  assert.equal(percentile(values, 0.99), 99);
  assert.equal(percentile(values, 1), 100);
  assert.equal(percentile(values, 0), 1);
  assert.equal(percentile([7], 0.99), 7);
});

test('percentile compares numbers, not their text', () => {
  assert.equal(percentile([9, 10, 100], 1), 100);
});

test('nothing measured is not a number', () => {
  assert.ok(Number.isNaN(percentile([], 0.5)));
  assert.ok(Number.isNaN(median([])));
});

test('median of an odd and an even count', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test('spread holds median, least and most', () => {
  assert.deepEqual(spread([5, 1, 3]), { median: 3, min: 1, max: 5 });
});

test('ratios are taken round by round', () => {
  assert.deepEqual(ratios([10, 30], [20, 40]), [0.5, 0.75]);
});
