import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { AuditStore, SharedStore } from '../store/store.ts';
import { type CleanupRun, type CleanupTracing, recordCleanup } from '../trace/record-cleanup.ts';
import { reportOf } from './cleanup-report.ts';

export type AuditPurgerParts = Readonly<{
  store: Pick<AuditStore, 'purgeAudit' | 'listAudit'> & Pick<SharedStore, 'tryLead'>;
  /** Whether the clean-up may run now: see cleanup-guard.ts. */
  mayRun: () => Promise<boolean>;
  clock: Clock;
  emit: Emit;
  tracing?: CleanupTracing;
  retentionMs: number;
  intervalMs: number;
}>;

/** Rows that one transaction deletes. */
const AUDIT_BATCH = 1000;

const ALL = { actor: null, action: null, target: null, sinceMs: null, untilMs: null };

/**
 * Deletes rows of the audit older than its retention, at the start and then every interval, and tells the head: kept
 * elsewhere, it shows whether rows were cut from the end.
 */
export function createAuditPurger(parts: AuditPurgerParts): Service {
  const { store, mayRun, clock, emit, tracing, retentionMs, intervalMs } = parts;
  const clean = async (run: CleanupRun, signal: AbortSignal): Promise<boolean> => {
    const beforeMs = clock.nowMs() - retentionMs;
    let deleted: number;
    do {
      deleted = await store.purgeAudit(beforeMs, AUDIT_BATCH, reportOf('audit', beforeMs, clock.nowMs()));
      run.deleted += deleted;
    } while (deleted === AUDIT_BATCH && !signal.aborted);
    return true;
  };
  return createRunLoop(clock, intervalMs, 'at once', async (signal) => {
    try {
      if ((await store.tryLead()) === 'follower') return;
      if (await mayRun()) await recordCleanup(tracing, 'audit', (run) => clean(run, signal));
      const [newest] = (await store.listAudit(ALL, 1, null)).rows;
      if (newest === undefined) return;
      emit({ type: 'audit.head', rows: newest.seq, head: Buffer.from(newest.hash).toString('hex') });
    } catch (error) {
      emit({ type: 'store.failed', operation: 'audit', error: error as Error });
    }
  });
}
