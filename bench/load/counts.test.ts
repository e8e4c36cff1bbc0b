import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadState } from './clients.ts';
import { compareCounts } from './counts.ts';

const NOTHING = { accepted: 0, duplicates: 0, attempts: 0 };

function stateOf(known: LoadState['known'], unclear = 0): LoadState {
  const resend = { kind: 'resend', dueAtMs: 0, latencyMs: 1, problem: null } as const;
  return { origin: '', known, answers: [resend], unclear };
}

const TWO = [
  { key: 'a', id: '1' },
  { key: 'b', id: '2' },
];

test('one event for each acknowledged key is right', () => {
  assert.deepEqual(compareCounts(NOTHING, { accepted: 2, duplicates: 1, attempts: 2 }, stateOf(TWO)), []);
});

test('what others did before does not count', () => {
  const before = { accepted: 10, duplicates: 5, attempts: 10 };
  assert.deepEqual(compareCounts(before, { accepted: 12, duplicates: 6, attempts: 11 }, stateOf(TWO)), []);
});

test('a resend that was taken for new shows', () => {
  const problems = compareCounts(NOTHING, { accepted: 3, duplicates: 1, attempts: 3 }, stateOf(TWO));
  assert.deepEqual(problems, ['2 keys were acknowledged, the receiver accepted 3']);
});

test('a lost event shows', () => {
  const problems = compareCounts(NOTHING, { accepted: 1, duplicates: 1, attempts: 1 }, stateOf(TWO));
  assert.deepEqual(problems, ['2 keys were acknowledged, the receiver accepted 1']);
});

test('an event that was stored without an answer is not a mistake', () => {
  const after = { accepted: 3, duplicates: 1, attempts: 3 };
  assert.deepEqual(compareCounts(NOTHING, after, stateOf(TWO, 1)), []);
});

test('a second attempt and a shared id show', () => {
  const known = [
    { key: 'a', id: '1' },
    { key: 'b', id: '1' },
  ];
  const problems = compareCounts(NOTHING, { accepted: 2, duplicates: 1, attempts: 3 }, stateOf(known));
  assert.equal(problems.length, 2);
});
