import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ATTEMPT_OUTCOMES, ERROR_MESSAGE_CHARS } from './attempt.ts';
import type { RetryPolicy } from './retry-policy.ts';
import { decideSettlement, INTERRUPTED, type TryResult } from './settlement.ts';

const POLICY: RetryPolicy = { maxAttempts: 3, baseDelayMs: 1000, maxDelayMs: 60_000, jitter: 0 };
const NOW_MS = 1_000_000;

const FAILED: TryResult = {
  outcome: 'failed',
  error: 'boom',
  httpStatus: null,
  responseExcerpt: null,
  retryAfterMs: null,
};
const decide = (result: TryResult, attempts: number) =>
  decideSettlement(result, attempts, POLICY, NOW_MS, 0.5);

test('success completes, also at the last attempt', () => {
  const succeeded: TryResult = { ...FAILED, outcome: 'succeeded', error: null };
  for (const attempts of [1, 3, 9]) assert.deepEqual(decide(succeeded, attempts), { kind: 'completed' });
});

test('a failure is retried by the policy until its attempts are used up', () => {
  assert.deepEqual(decide(FAILED, 1), { kind: 'retry', dueAtMs: NOW_MS + 2000, error: 'boom' });
  assert.deepEqual(decide(FAILED, 2), { kind: 'retry', dueAtMs: NOW_MS + 4000, error: 'boom' });
  assert.deepEqual(decide(FAILED, 3), { kind: 'failed', error: 'boom' });
});

test('a rejection fails at once', () => {
  assert.deepEqual(decide({ ...FAILED, outcome: 'rejected' }, 1), { kind: 'failed', error: 'boom' });
});

test('the wait that a handler chooses replaces that of the policy, but not beyond the last attempt', () => {
  const asked = { ...FAILED, retryAfterMs: 77 };
  assert.deepEqual(decide(asked, 1), { kind: 'retry', dueAtMs: NOW_MS + 77, error: 'boom' });
  assert.deepEqual(decide({ ...FAILED, retryAfterMs: 0 }, 1), {
    kind: 'retry',
    dueAtMs: NOW_MS,
    error: 'boom',
  });
  assert.deepEqual(decide(asked, 3), { kind: 'failed', error: 'boom' });
});

test('the wait that an HTTP destination asks for lengthens that of the policy, and never shortens it', () => {
  const dueAtMs = (leastRetryMs: number, attempts = 1) => {
    const settlement = decide({ ...FAILED, leastRetryMs }, attempts);
    return settlement.kind === 'retry' ? settlement.dueAtMs : settlement.kind;
  };
  assert.equal(dueAtMs(0), NOW_MS + 2000);
  assert.equal(dueAtMs(1999), NOW_MS + 2000);
  assert.equal(dueAtMs(2001), NOW_MS + 2001);
  assert.equal(dueAtMs(2001, 2), NOW_MS + 4000);
  assert.equal(dueAtMs(86_400_000, 3), 'failed');
});

test('a timeout and an interruption are charged as a failure is', () => {
  assert.equal(decide({ ...FAILED, outcome: 'timed_out' }, 2).kind, 'retry');
  assert.equal(decide(INTERRUPTED, 2).kind, 'retry');
  assert.deepEqual(decide(INTERRUPTED, 3), { kind: 'failed', error: INTERRUPTED.error });
});

test('an error is never empty and never longer than an attempt may hold', () => {
  assert.deepEqual(decide({ ...FAILED, error: null }, 3), { kind: 'failed', error: 'failed' });
  const settlement = decide({ ...FAILED, error: 'x'.repeat(5000) }, 3);
  assert.ok(settlement.kind === 'failed' && settlement.error.length === ERROR_MESSAGE_CHARS);
});

test('an attempt always ends the delivery or sets a time that is not past, and never releases it', () => {
  const results: fc.Arbitrary<TryResult> = fc.record({
    outcome: fc.constantFrom(...ATTEMPT_OUTCOMES),
    error: fc.option(fc.string()),
    httpStatus: fc.constant(null),
    responseExcerpt: fc.constant(null),
    retryAfterMs: fc.option(fc.nat()),
    leastRetryMs: fc.nat(),
  });
  const randoms = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(results, fc.integer({ min: 1, max: 10 }), randoms, (result, attempts, random) => {
      const settlement = decideSettlement(result, attempts, { ...POLICY, jitter: 1 }, NOW_MS, random);
      assert.equal(settlement.kind === 'completed', result.outcome === 'succeeded');
      if (settlement.kind === 'retry') {
        assert.ok(settlement.dueAtMs >= NOW_MS && attempts < POLICY.maxAttempts);
      }
      assert.notEqual(settlement.kind, 'released');
    }),
  );
});
