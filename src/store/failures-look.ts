import { monotonicMs } from '../runtime/clock.ts';
import type { FailureGroup, FailureStore } from './store.ts';

/** The groups of failures, as they were found last. */
export type FailuresLook = () => Promise<readonly FailureGroup[]>;

/** Failures are counted for a hundredth of the time at most. */
const FAILURES_SHARE = 100;

/**
 * Counts the groups of failures as often as that is cheap, and otherwise says what it last found: it reads every dead letter.
 * @param elapsedMs a clock that never steps
 */
export function createFailuresLook(
  store: Pick<FailureStore, 'failureGroups'>,
  elapsedMs: () => number = monotonicMs,
): FailuresLook {
  let found: readonly FailureGroup[] = [];
  let nextMs = Number.NEGATIVE_INFINITY;
  let underWay: Promise<readonly FailureGroup[]> | null = null;
  const count = async () => {
    const startedMs = elapsedMs();
    found = await store.failureGroups(null);
    const endedMs = elapsedMs();
    nextMs = endedMs + FAILURES_SHARE * (endedMs - startedMs);
    return found;
  };
  return async () => {
    if (underWay === null && elapsedMs() < nextMs) return found;
    underWay ??= count().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}
