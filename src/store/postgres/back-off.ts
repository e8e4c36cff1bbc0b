import type { StoreError } from '../../domain/errors.ts';
import { monotonicMs } from '../../runtime/clock.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Keeps callers from a database that is away: each try would cost them a connect, and the server one when it starts. */
export type BackOff = Readonly<{
  /** The failure of last time while the pause after it lasts, else null: then try. */
  obstacle(): StoreError | null;
  failed(error: StoreError): void;
  worked(): void;
}>;

/** The pause doubles with each failed try up to two seconds, and ends with the first that works. */
export function createBackOff(nowMs: () => number = monotonicMs): BackOff {
  let pauseMs = 0;
  let untilMs = 0;
  let last: StoreError | null = null;
  return {
    obstacle: () => (last !== null && nowMs() < untilMs ? last : null),
    failed(error) {
      // Of many that fail at once the first makes the pause; the others are the same failure.
      if (last !== null && nowMs() < untilMs) return;
      pauseMs = Math.min(Math.max(2 * pauseMs, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
      untilMs = nowMs() + pauseMs;
      last = error;
    },
    worked() {
      pauseMs = 0;
      last = null;
    },
  };
}
