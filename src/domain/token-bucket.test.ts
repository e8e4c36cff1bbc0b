import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { available, availableAtMs, capacityOf, refill, type TokenBucket } from './token-bucket.ts';

const RATES = [0.01, 0.5, 1, 3, 10, 50, 400, 10_000, 100_000];

/** When each delivery of a destination with more than enough of them begins, with a look every `stepMs`. */
function begins(perSecond: number, seconds: number, stepMs: number): number[] {
  const at: number[] = [];
  let bucket: TokenBucket = { tokens: capacityOf(perSecond), atMs: 0 };
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs += stepMs) {
    bucket = refill(bucket, perSecond, nowMs);
    const taken = available(bucket, perSecond);
    for (let i = 0; i < taken; i += 1) at.push(nowMs);
    bucket = { ...bucket, tokens: bucket.tokens - taken };
  }
  return at;
}

describe('a rate', () => {
  it('is kept within 5 % over ten seconds', () => {
    for (const perSecond of [10, 50, 400, 10_000]) {
      const count = begins(perSecond, 10, 1).length;
      assert.ok(Math.abs(count / (perSecond * 10) - 1) <= 0.05, `${perSecond}/s gave ${count} in 10 s`);
    }
  });

  it('is never more than 1.2 times itself in a second, also after an idle time', () => {
    for (const perSecond of [10, 50, 400, 10_000]) {
      const times = begins(perSecond, 5, 1);
      const most = Math.max(...times.filter((_, i) => i % 7 === 0).map((from) => countIn(times, from)));
      assert.ok(most <= 1.2 * perSecond, `${perSecond}/s gave ${most} in one second`);
    }
  });

  it('below one a second gives one at a time', () => {
    assert.deepEqual(begins(0.01, 250, 1_000), [0, 100_000, 200_000]);
  });

  it('says when the next claim is worth it, and is right', () => {
    for (const perSecond of RATES) {
      const empty = { tokens: 0, atMs: 1_000 };
      const atMs = availableAtMs(empty, perSecond);
      assert.ok(available(refill(empty, perSecond, atMs), perSecond) >= 1, `${perSecond}/s`);
      assert.equal(available(refill(empty, perSecond, 1_000), perSecond), 0, `${perSecond}/s`);
    }
  });

  it('gains nothing from a clock that goes back', () => {
    assert.equal(refill({ tokens: 0, atMs: 5_000 }, 10, 1_000).tokens, 0);
  });
});

function countIn(times: readonly number[], fromMs: number): number {
  return times.filter((ms) => ms >= fromMs && ms < fromMs + 1000).length;
}
