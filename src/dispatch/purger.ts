import type { Emit } from '../events.ts';
import { type Clock, monotonicMs } from '../runtime/clock.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { CleanupStore, OperateStore, OperationStore, SharedStore } from '../store/store.ts';
import { type CleanupRun, type CleanupTracing, recordCleanup } from '../trace/record-cleanup.ts';
import { reportOf } from './cleanup-report.ts';

export type PurgerParts = Readonly<{
  store: Pick<OperateStore, 'purge'> &
    Pick<OperationStore, 'purgeOperations'> &
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

/** Events that one call deletes; the store divides it into slices that share their commits with ingest. */
const BATCH = 1000;
/** Bulk operations that one call deletes, with their targets and the texts of their filters. */
const OPERATIONS = 10;

/** Deletes events older than the retention, at the start and then every interval. Events with open deliveries stay. */
export function createPurger(parts: PurgerParts): Service {
  const { store, mayRun, clock, emit, tracing, retentionMs, intervalMs } = parts;
  const clean = async (run: CleanupRun, signal: AbortSignal): Promise<boolean> => {
    if ((await store.tryLead()) === 'follower' || !(await mayRun())) return false;
    const beforeMs = clock.nowMs() - retentionMs;
    let cursor: string | null = null;
    do {
      const outcome = await store.purge(beforeMs, BATCH, cursor);
      cursor = outcome.cursor;
      run.deleted += outcome.deleted;
      if (outcome.deleted > 0) emit({ type: 'cleanup.batch', deleted: outcome.deleted });
    } while (cursor !== null && !signal.aborted);
    while ((await store.purgeOperations(beforeMs, OPERATIONS)) === OPERATIONS && !signal.aborted);
    await store.reportCleanup('events', reportOf('events', beforeMs, clock.nowMs()));
    emit({ type: 'cleanup.finished', deleted: run.deleted, durationMs: monotonicMs() - run.startedMs });
    return true;
  };
  return createRunLoop(clock, intervalMs, 'at once', async (signal) => {
    try {
      await recordCleanup(tracing, 'events', (run) => clean(run, signal));
    } catch (error) {
      emit({ type: 'store.failed', operation: 'purge', error: error as Error });
    }
  });
}
