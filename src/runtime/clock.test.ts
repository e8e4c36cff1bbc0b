import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../testkit/fake-clock.ts';
import { monotonicMs, sleep, systemClock } from './clock.ts';

describe('the system clock', () => {
  it('says the time of day', () => {
    const before = Date.now();
    const nowMs = systemClock.nowMs();
    assert.ok(before <= nowMs && nowMs <= Date.now());
  });

  it('calls back once, and at once for a time that is past', async () => {
    await new Promise<void>((resolve) => systemClock.after(-1_000, resolve));
    const startedMs = monotonicMs();
    // A timer that is not to keep the process alive needs something that does.
    const alive = setInterval(() => {}, 1_000);
    await new Promise<void>((resolve) => systemClock.after(20, resolve));
    clearInterval(alive);
    assert.ok(monotonicMs() - startedMs >= 19);
  });

  it('does not call back when cancelled, nor at once for a wait that a timer cannot hold', async () => {
    const cancel = systemClock.after(0, () => assert.fail('was cancelled'));
    const cancelFar = systemClock.after(Number.MAX_SAFE_INTEGER, () => assert.fail('came at once'));
    cancel();
    await new Promise((resolve) => setTimeout(resolve, 5));
    cancelFar();
  });
});

describe('sleep', () => {
  it('resolves after the delay', async () => {
    const clock = createFakeClock(0);
    let awake = false;
    sleep(clock, 10).then(() => {
      awake = true;
    });
    await clock.advance(9);
    assert.equal(awake, false);
    await clock.advance(1);
    assert.equal(awake, true);
  });

  it('resolves at once when its signal aborts, and leaves no timer behind', async () => {
    const clock = createFakeClock(0);
    const stop = new AbortController();
    const asleep = sleep(clock, 10_000, stop.signal);
    assert.equal(clock.pending(), 1);
    stop.abort();
    await asleep;
    assert.equal(clock.pending(), 0);
    await sleep(clock, 10_000, stop.signal);
    assert.equal(clock.pending(), 0);
  });
});
