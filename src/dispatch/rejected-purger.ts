import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { CleanupStore, RejectedStore, SharedStore } from '../store/store.ts';
import { reportOf } from './cleanup-report.ts';

export type RejectedPurgerParts = Readonly<{
  store: Pick<RejectedStore, 'purgeRejected'> &
    Pick<CleanupStore, 'reportCleanup'> &
    Pick<SharedStore, 'tryLead'>;
  /** Whether the clean-up may run now: see cleanup-guard.ts. */
  mayRun: () => Promise<boolean>;
  clock: Clock;
  emit: Emit;
  retentionMs: number;
  intervalMs: number;
}>;

/** Requests that one call deletes: they may be large, and ingest waits for the commit. */
const BATCH = 100;

/** Deletes rejected requests older than their retention, at the start and then every interval. */
export function createRejectedPurger(parts: RejectedPurgerParts): Service {
  const { store, mayRun, clock, emit, retentionMs, intervalMs } = parts;
  return createRunLoop(clock, intervalMs, 'at once', async (signal) => {
    try {
      if ((await store.tryLead()) === 'follower' || !(await mayRun())) return;
      const beforeMs = clock.nowMs() - retentionMs;
      while ((await store.purgeRejected(beforeMs, BATCH)) === BATCH && !signal.aborted);
      await store.reportCleanup('rejected', reportOf('rejected', beforeMs, clock.nowMs()));
    } catch (error) {
      emit({ type: 'store.failed', operation: 'rejected', error: error as Error });
    }
  });
}
