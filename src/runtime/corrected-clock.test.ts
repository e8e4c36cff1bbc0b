import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from './clock.ts';
import { createCorrectedClock } from './corrected-clock.ts';

function start() {
  const times = { systemMs: 1_000_000, monotonicMs: 500 };
  const system: Clock = { nowMs: () => times.systemMs, after: () => () => {} };
  const clock = createCorrectedClock(system, () => times.monotonicMs);
  /** The other clock is read, and the answer takes so long. */
  const read = (atMs: number, roundTripMs: number) =>
    clock.correct({ atMs, askedAtMs: times.monotonicMs - roundTripMs, answeredAtMs: times.monotonicMs });
  return { times, clock, read };
}

describe('a corrected clock', () => {
  it("shows the system's time until the first reading, then the other clock's", () => {
    const { times, clock, read } = start();
    assert.equal(clock.nowMs(), 1_000_000);
    read(5_000_000, 10);
    assert.equal(clock.nowMs(), 5_000_005);
    times.monotonicMs += 700;
    assert.equal(clock.nowMs(), 5_000_705);
  });

  it("does not notice a step of the system's clock", () => {
    const { times, clock, read } = start();
    read(5_000_000, 0);
    times.systemMs += 600_000;
    assert.equal(clock.nowMs(), 5_000_000);
    times.systemMs -= 1_200_000;
    assert.equal(clock.nowMs(), 5_000_000);
  });

  it('is moved only by readings that contradict it, and no further than they say', () => {
    const { clock, read } = start();
    read(5_000_000, 0);
    read(4_999_000, 2_000);
    assert.equal(clock.nowMs(), 5_000_000);
    read(5_000_100, 40);
    assert.equal(clock.nowMs(), 5_000_100);
    read(4_000_000, 10);
    assert.equal(clock.nowMs(), 4_000_010);
  });
});
