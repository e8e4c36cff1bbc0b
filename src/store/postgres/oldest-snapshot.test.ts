import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ageOf } from './oldest-snapshot.ts';

const SEEN = [
  { nextXid: 700, atMs: 10_000 },
  { nextXid: 700, atMs: 20_000 },
  { nextXid: 900, atMs: 30_000 },
  { nextXid: 950, atMs: 40_000 },
];

it('a snapshot is as old as the last moment at which the oldest transaction in it had not begun', () => {
  assert.equal(ageOf(950, SEEN), 0);
  assert.equal(ageOf(949, SEEN), 10_000);
  assert.equal(ageOf(899, SEEN), 20_000);
  assert.equal(ageOf(700, SEEN), 20_000);
});

it('one from before the first look is as old as that', () => {
  assert.equal(ageOf(650, SEEN), 30_000);
});
