import type { Clock } from '../../runtime/clock.ts';

export const LINES_PER_WINDOW = 10;
export const WINDOW_MS = 1000;

/**
 * Whether a line of this key may be written now. Keys come from fixed lists, so they are few.
 * `report` is called with the number of suppressed lines when their second is over, or before the key's next line.
 */
export type Throttle = (key: string, report: (suppressed: number) => void) => boolean;

type Window = { startMs: number; admitted: number; suppressed: number; close: () => void };

/** Admits a few lines of each key per second, so that a flood of requests does not flood the log. */
export function createThrottle(clock: Clock): Throttle {
  const windows = new Map<string, Window>();

  function windowOf(key: string, nowMs: number): Window {
    const current = windows.get(key);
    if (current !== undefined && isOpen(current, nowMs)) return current;
    current?.close();
    const fresh: Window = { startMs: nowMs, admitted: 0, suppressed: 0, close: () => {} };
    windows.set(key, fresh);
    return fresh;
  }

  return (key, report) => {
    const nowMs = clock.nowMs();
    const window = windowOf(key, nowMs);
    if (window.admitted < LINES_PER_WINDOW) {
      window.admitted += 1;
      return true;
    }
    window.suppressed += 1;
    if (window.suppressed === 1) reportAtEnd(clock, window, nowMs, report);
    return false;
  };
}

/** By a timer, since the next line may never come. */
function reportAtEnd(
  clock: Clock,
  window: Window,
  nowMs: number,
  report: (suppressed: number) => void,
): void {
  const cancel = clock.after(window.startMs + WINDOW_MS - nowMs, () => window.close());
  window.close = () => {
    cancel();
    window.close = () => {};
    report(window.suppressed);
  };
}

/** After a clock stepped back a new window begins: one in the future would be silent until it came. */
function isOpen(window: Window, nowMs: number): boolean {
  return nowMs >= window.startMs && nowMs < window.startMs + WINDOW_MS;
}
