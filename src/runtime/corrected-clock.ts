import { type Clock, monotonicMs } from './clock.ts';

/** What another machine's clock showed, at a moment between the question and the answer by the monotonic clock. */
export type ClockReading = Readonly<{ atMs: number; askedAtMs: number; answeredAtMs: number }>;

/** A clock that follows another machine's. Between readings it follows the monotonic clock, so steps of this machine's clock do not matter. */
export type CorrectedClock = Clock & Readonly<{ correct(reading: ClockReading): void }>;

/**
 * Shows the system's time until the first reading. A later reading changes it only if it contradicts the time shown, by as
 * much as it must: what a slow answer leaves open moves nothing.
 * @param monotonic milliseconds of a clock that never steps
 */
export function createCorrectedClock(system: Clock, monotonic: () => number = monotonicMs): CorrectedClock {
  /** How far the other clock is ahead of the monotonic one. */
  let offsetMs: number | null = null;
  return {
    nowMs: () => (offsetMs === null ? system.nowMs() : Math.floor(monotonic() + offsetMs)),
    after: system.after,
    correct({ atMs, askedAtMs, answeredAtMs }) {
      const leastMs = atMs - answeredAtMs;
      const mostMs = atMs - askedAtMs;
      const shownMs = offsetMs ?? (leastMs + mostMs) / 2;
      offsetMs = Math.min(Math.max(shownMs, leastMs), mostMs);
    },
  };
}
