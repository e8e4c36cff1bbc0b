import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type RetryPolicy, retryDelayMs } from './retry-policy.ts';

const POLICY: RetryPolicy = { maxAttempts: 5, baseDelayMs: 5000, maxDelayMs: 300_000, jitter: 0 };
const MIDDLE = 0.5;
const LARGEST_RANDOM = 1 - 2 ** -53;

const policies: fc.Arbitrary<RetryPolicy> = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 100 }),
  baseDelayMs: fc.integer({ min: 0, max: 86_400_000 }),
  maxDelayMs: fc.integer({ min: 0, max: 604_800_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const attemptCounts = fc.integer({ min: 1, max: 200 });
const randoms = fc.double({ min: 0, max: LARGEST_RANDOM, noNaN: true });

test('doubles from the base to the maximum', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7].map((attempts) => retryDelayMs(POLICY, attempts, MIDDLE));
  assert.deepEqual(delays, [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
});

test('spreads by the jitter to both sides', () => {
  const policy = { ...POLICY, jitter: 0.1 };
  assert.equal(retryDelayMs(policy, 1, 0), 9000);
  assert.equal(retryDelayMs(policy, 1, MIDDLE), 10_000);
  assert.equal(retryDelayMs(policy, 1, LARGEST_RANDOM), 11_000);
});

test('is whole and within the jitter of min(base * 2^attempts, max)', () => {
  fc.assert(
    fc.property(policies, attemptCounts, randoms, (policy, attempts, random) => {
      const middleMs = Math.min(policy.baseDelayMs * 2 ** attempts, policy.maxDelayMs);
      const delayMs = retryDelayMs(policy, attempts, random);
      assert.ok(Number.isSafeInteger(delayMs));
      assert.ok(delayMs >= Math.floor(middleMs * (1 - policy.jitter)));
      assert.ok(delayMs <= Math.ceil(middleMs * (1 + policy.jitter)));
    }),
  );
});

test('never shrinks from one attempt to the next, nor with a larger draw', () => {
  fc.assert(
    fc.property(policies, attemptCounts, randoms, randoms, (policy, attempts, one, other) => {
      assert.ok(retryDelayMs(policy, attempts, one) <= retryDelayMs(policy, attempts + 1, one));
      const [less, more] = one < other ? [one, other] : [other, one];
      assert.ok(retryDelayMs(policy, attempts, less) <= retryDelayMs(policy, attempts, more));
    }),
  );
});
