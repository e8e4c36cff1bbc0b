import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '../../runtime/clock.ts';
import { createThrottle, LINES_PER_WINDOW, WINDOW_MS } from './throttle.ts';

type Timer = { dueAtMs: number; callback: () => void };

function setUp() {
  let nowMs = 1000;
  const timers = new Set<Timer>();
  const clock: Clock = {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { dueAtMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  const reports: number[] = [];
  const admits = createThrottle(clock);
  return {
    reports,
    timers,
    setTime: (ms: number) => {
      nowMs = ms;
    },
    fire: () => {
      for (const timer of timers) if (timer.dueAtMs <= nowMs) timer.callback();
    },
    /** How many of `lines` calls are admitted. */
    admitted: (key: string, lines: number) =>
      Array.from({ length: lines }, () => admits(key, (count) => reports.push(count))).filter(Boolean).length,
  };
}

describe('createThrottle', () => {
  it('admits so many lines of a key in a second', () => {
    const { admitted } = setUp();
    assert.equal(admitted('a', 1000), LINES_PER_WINDOW);
    assert.equal(admitted('b', 3), 3, 'each key has its own');
  });

  it('tells how many it held back when the second is over, without a further line', () => {
    const { admitted, fire, reports, setTime } = setUp();
    admitted('a', LINES_PER_WINDOW + 32);
    setTime(1000 + WINDOW_MS);
    fire();
    assert.deepEqual(reports, [32]);
    assert.equal(admitted('a', 1), 1);
  });

  it('tells before the next line when the timer is late, and only once', () => {
    const { admitted, fire, reports, setTime, timers } = setUp();
    admitted('a', LINES_PER_WINDOW + 1);
    setTime(1000 + 3 * WINDOW_MS);
    assert.equal(admitted('a', 1), 1);
    assert.deepEqual(reports, [1]);
    assert.equal(timers.size, 0);
    fire();
    assert.deepEqual(reports, [1]);
  });

  it('sets no timer and tells nothing when nothing was held back', () => {
    const { admitted, reports, setTime, timers } = setUp();
    admitted('a', LINES_PER_WINDOW);
    assert.equal(timers.size, 0);
    setTime(5000);
    admitted('a', 1);
    assert.deepEqual(reports, []);
  });

  it('begins a new second when the clock steps back', () => {
    const { admitted, setTime } = setUp();
    admitted('a', LINES_PER_WINDOW);
    setTime(10);
    assert.equal(admitted('a', 1), 1);
  });
});
