/**
 * Watches the wall clock, by which due times and leases go, against the monotonic clock, which never steps.
 *
 * After a step back, due times that were set before lie in the future by the length of the step. Until the clock has
 * passed its highest reading again, every look reschedules such deliveries, since more of them may become visible: a
 * delivery that gets the turn of its order key is due as of its acceptance. A process that starts cannot know what its
 * clock was before, so it reschedules once.
 */
import type { Destination } from '../domain/destination.ts';
import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { ReschedulePage, RescheduleStore } from '../store/store.ts';
import type { Dispatcher } from './dispatcher.ts';

export type ClockWatchParts = Readonly<{
  store: Pick<RescheduleStore, 'reschedule'>;
  dispatcher: Pick<Dispatcher, 'wake'>;
  /** Those of the configuration in effect. */
  destinations: () => readonly Pick<Destination, 'name'>[];
  clock: Clock;
  /** Milliseconds from a clock that never steps. */
  monotonicMs: () => number;
  emit: Emit;
}>;

/** Pause between two comparisons of the clocks. */
const PAUSE_MS = 1_000;
/** Difference between two comparisons that counts as a step; corrections of synchronised clocks are smaller. */
export const STEP_MS = 1_000;
/** Deliveries that one call of the store looks at. */
const PAGE = 500;
/** Pause between two passes of rescheduling while the clock is behind its highest reading. */
export const RESCHEDULE_PAUSE_MS = 5_000;

export function createClockWatch(parts: ClockWatchParts): Service {
  const { clock, monotonicMs, emit } = parts;
  let offsetMs = clock.nowMs() - monotonicMs();
  let highestMs = clock.nowMs();
  /** By the monotonic clock; null while nothing is left to reschedule. */
  let rescheduleAtMs: number | null = monotonicMs();

  return createRunLoop(clock, PAUSE_MS, 'at once', async (signal) => {
    const nowMs = clock.nowMs();
    const elapsedMs = monotonicMs();
    const stepMs = nowMs - elapsedMs - offsetMs;
    offsetMs = nowMs - elapsedMs;
    if (Math.abs(stepMs) >= STEP_MS) {
      emit({ type: 'clock.stepped', stepMs });
      if (stepMs < 0) {
        highestMs = Math.max(highestMs, nowMs - stepMs);
        rescheduleAtMs = elapsedMs;
      }
    }
    if (rescheduleAtMs === null || elapsedMs < rescheduleAtMs) return;
    const done = await reschedule(parts, nowMs, signal);
    rescheduleAtMs = done && nowMs >= highestMs ? null : elapsedMs + RESCHEDULE_PAUSE_MS;
  });
}

/** @returns whether the store did it */
async function reschedule(
  { store, dispatcher, destinations, emit }: ClockWatchParts,
  nowMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    for (const { name } of destinations()) {
      let count = 0;
      let after: string | null = null;
      do {
        const page: ReschedulePage = await store.reschedule(name, nowMs, PAGE, after);
        count += page.rescheduled;
        after = page.next;
      } while (after !== null && !signal.aborted);
      if (count === 0) continue;
      emit({ type: 'delivery.rescheduled', destination: name, count });
      dispatcher.wake(name);
    }
    return true;
  } catch (error) {
    emit({ type: 'store.failed', operation: 'reschedule', error: error as Error });
    return false;
  }
}
