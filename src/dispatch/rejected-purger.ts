import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { CleanupStore, RejectedStore, SharedStore } from '../store/store.ts';
import { type CleanupRun, type CleanupTracing, recordCleanup } from '../trace/record-cleanup.ts';
import { reportOf } from './cleanup-report.ts';

export type RejectedPurgerParts = Readonly<{
  store: Pick<RejectedStore, 'purgeRejected'> &
    Pick<CleanupStore, 'reportCleanup'> &
    Pick<SharedStore, 'tryLead'>;
  /** Whether the clean-up may run now: see cleanup-guard.ts. */
  mayRun: () => Promise<boolean>;
  clock: Clock;
  emit: Emit;
  tracing?: CleanupTracing;
  retentionMs: number;
  intervalMs: number;
}>;

/** Requests that one call deletes: they may be large, and ingest waits for the commit. */
const BATCH = 100;

/** Deletes rejected requests older than their retention, at the start and then every interval. */
export function createRejectedPurger(parts: RejectedPurgerParts): Service {
  const { store, mayRun, clock, emit, tracing, retentionMs, intervalMs } = parts;
  const clean = async (run: CleanupRun, signal: AbortSignal): Promise<boolean> => {
    if ((await store.tryLead()) === 'follower' || !(await mayRun())) return false;
    const beforeMs = clock.nowMs() - retentionMs;
    let deleted: number;
    do {
      deleted = await store.purgeRejected(beforeMs, BATCH);
      run.deleted += deleted;
    } while (deleted === BATCH && !signal.aborted);
    await store.reportCleanup('rejected', reportOf('rejected', beforeMs, clock.nowMs()));
    return true;
  };
  return createRunLoop(clock, intervalMs, 'at once', async (signal) => {
    try {
      await recordCleanup(tracing, 'rejected', (run) => clean(run, signal));
    } catch (error) {
      emit({ type: 'store.failed', operation: 'rejected', error: error as Error });
    }
  });
}
