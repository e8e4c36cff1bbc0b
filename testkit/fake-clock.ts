import type { Clock } from '../src/runtime/clock.ts';

/** A clock that stands still until the test moves it. */
export interface FakeClock extends Clock {
  /** Moves time on by `ms` and runs what falls due, as `advanceTo`. */
  advance(ms: number): Promise<void>;
  /**
   * Moves time on to `timeMs`. Timers run in the order in which they are due, each at its own time, those that are
   * set on the way included; what a callback sets off asynchronously is finished before the next one runs.
   */
  advanceTo(timeMs: number): Promise<void>;
  /** How many timers wait. */
  pending(): number;
  /** When the next timer is due, or null. */
  nextDueAtMs(): number | null;
}

type Timer = Readonly<{ dueAtMs: number; order: number; callback: () => void }>;

/** Where test time starts unless the test says otherwise. */
export const FAKE_EPOCH_MS = Date.UTC(2026, 0, 1);

/** More timers than this at one instant is a loop that re-arms itself without waiting: it would never end. */
const MOST_TIMERS_AT_ONCE = 10_000;

export function createFakeClock(startMs: number = FAKE_EPOCH_MS): FakeClock {
  const timers = new Set<Timer>();
  let nowMs = startMs;
  let order = 0;

  const next = (): Timer | null => {
    let first: Timer | null = null;
    for (const timer of timers) if (first === null || isBefore(timer, first)) first = timer;
    return first;
  };
  const advanceTo = async (timeMs: number): Promise<void> => {
    if (timeMs < nowMs) throw new RangeError(`the clock is at ${nowMs} and cannot go back to ${timeMs}`);
    await settleWork();
    let atOnce = 0;
    for (let timer = next(); timer !== null && timer.dueAtMs <= timeMs; timer = next()) {
      atOnce = timer.dueAtMs > nowMs ? 1 : atOnce + 1;
      if (atOnce > MOST_TIMERS_AT_ONCE) throw new Error(`timers re-arm themselves for ever at ${nowMs}`);
      timers.delete(timer);
      nowMs = timer.dueAtMs;
      timer.callback();
      await settleWork();
    }
    nowMs = timeMs;
  };
  return {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const timer: Timer = { dueAtMs: nowMs + Math.max(delayMs, 0), order: order++, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance: (ms) => advanceTo(nowMs + ms),
    advanceTo,
    pending: () => timers.size,
    nextDueAtMs: () => next()?.dueAtMs ?? null,
  };
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueAtMs < b.dueAtMs || (a.dueAtMs === b.dueAtMs && a.order < b.order);
}

/** By its end every microtask is done, however long a chain of promises it was. */
function settleWork(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
