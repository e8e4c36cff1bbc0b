import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import { StoreError } from '../../domain/errors.ts';
import { createCircuitBreaker } from './circuit-breaker.ts';

const AWAY = new StoreError('STORE_UNAVAILABLE', 'away');
const STILL_AWAY = new StoreError('STORE_UNAVAILABLE', 'still away');

/** A back-off on a clock of the test's own, and the probes that it sent: each waits for the test's answer. */
function start() {
  const clock = createFakeClock(0);
  const sentAtMs: number[] = [];
  let answer: PromiseWithResolvers<void>;
  const breaker = createCircuitBreaker(() => {
    sentAtMs.push(clock.nowMs());
    answer = Promise.withResolvers();
    return answer.promise;
  }, clock);
  return {
    clock,
    breaker,
    sentAtMs,
    async answer(failure: Error | null) {
      if (failure === null) answer.resolve();
      else answer.reject(failure);
      await clock.advance(0);
    },
  };
}

describe('a database that is away', () => {
  it('is probed after pauses that grow up to two seconds, and is in use again with the first probe that works', async () => {
    const { clock, breaker, sentAtMs, answer } = start();
    assert.equal(breaker.error(), null);
    breaker.onFailure(AWAY);
    breaker.onFailure(STILL_AWAY);
    assert.equal(breaker.error(), AWAY, 'of many that fail at once the first is told');
    const pauses: number[] = [];
    for (let probes = 0; probes < 7; probes++) {
      const fromMs = clock.nowMs();
      await clock.advanceTo(clock.nextDueAtMs()!);
      pauses.push(sentAtMs.at(-1)! - fromMs);
      await answer(STILL_AWAY);
      assert.equal(breaker.error(), STILL_AWAY);
    }
    assert.deepEqual(pauses, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
    await clock.advance(2_000);
    await answer(null);
    assert.equal(breaker.error(), null);
    assert.equal(clock.pending(), 0);
    breaker.onFailure(AWAY);
    assert.equal(clock.nextDueAtMs(), clock.nowMs() + 100, 'the next outage begins with a short pause');
  });

  it('is in use again when it answers, if only that its disk is full: what it can do all the same it does', async () => {
    const { clock, breaker, answer } = start();
    breaker.onFailure(AWAY);
    await clock.advance(100);
    await answer(new StoreError('STORE_FULL', 'the disk is full'));
    assert.equal(breaker.error(), null);
    assert.equal(clock.pending(), 0);
  });

  it('keeps everybody else away for as long as a probe has no answer', async () => {
    const { clock, breaker, sentAtMs } = start();
    breaker.onFailure(AWAY);
    await clock.advance(60_000);
    assert.equal(breaker.error(), AWAY);
    assert.deepEqual(sentAtMs, [100], 'one at a time');
  });

  it('is in use again when a statement of before works after all, and an answer to the probe of then says nothing', async () => {
    const { clock, breaker, answer } = start();
    breaker.onFailure(AWAY);
    await clock.advance(100);
    breaker.onSuccess();
    assert.equal(breaker.error(), null);
    await answer(STILL_AWAY);
    assert.equal(breaker.error(), null);
    breaker.onFailure(AWAY);
    await clock.advance(100);
    breaker.onSuccess();
    breaker.onFailure(STILL_AWAY);
    await answer(null);
    assert.equal(breaker.error(), STILL_AWAY, 'the outage after it has probes of its own');
  });

  it('is left alone when the store is closed', async () => {
    const { clock, breaker, sentAtMs } = start();
    breaker.onFailure(AWAY);
    breaker.stop();
    breaker.onFailure(AWAY);
    await clock.advance(60_000);
    assert.deepEqual([sentAtMs, clock.pending()], [[], 0]);
  });
});
