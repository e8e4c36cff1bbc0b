import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, countProblems, sumUp, whyFailed } from './tally.ts';

function answers(
  kind: Answer['kind'],
  count: number,
  latencyMs: number,
  problem: string | null = null,
): Answer[] {
  return Array.from({ length: count }, () => ({ kind, dueAtMs: 1_500, latencyMs, problem }));
}

const sumUpSecond = (all: readonly Answer[]) => sumUp(all, 1_000, 2_000);

test('what was due in the ramp does not count', () => {
  const ramp = { kind: 'send', dueAtMs: 999, latencyMs: 9_000, problem: '503' } as const;
  const [line] = sumUpSecond([ramp, ...answers('send', 3, 10)]);
  assert.equal(line?.count, 3);
  assert.equal(line?.errors, 0);
  assert.equal(line?.maxMs, 10);
});

test('a run under 1 % of errors and 500 ms passes', () => {
  const lines = sumUpSecond([...answers('send', 199, 499), ...answers('send', 1, 1, '429')]);
  assert.deepEqual(whyFailed(lines), []);
});

test('1 % of errors fails', () => {
  const lines = sumUpSecond([...answers('send', 99, 1), ...answers('send', 1, 1, '429')]);
  assert.deepEqual(whyFailed(lines), ['send: 1.00% errors']);
});

test('a p99 of 500 ms fails', () => {
  assert.deepEqual(whyFailed(sumUpSecond(answers('send', 10, 500))), ['send: p99 is 500 ms']);
});

test('each kind passes or fails for itself', () => {
  const lines = sumUpSecond([...answers('send', 1, 700), ...answers('health', 10_000, 1)]);
  assert.deepEqual(whyFailed(lines), ['send: p99 is 700 ms']);
});

test('a run that sent nothing fails', () => {
  assert.deepEqual(whyFailed(sumUpSecond(answers('health', 5, 1))), ['nothing was sent']);
});

test('problems are counted, the most frequent first', () => {
  const all = [...answers('send', 1, 1, '503'), ...answers('send', 2, 1, '429'), ...answers('health', 4, 1)];
  assert.deepEqual(countProblems(all), [
    ['send: 429', 2],
    ['send: 503', 1],
  ]);
});
