import { monotonicMs } from '../../runtime/clock.ts';
import { openExport } from './export.ts';
import { openImport } from './import.ts';
import { type BatchLimits, isEqual, type Progress, type Proof } from './inbox-copy.ts';
import { type Move, moveRows } from './move-rows.ts';
import { proveCopy } from './prove-copy.ts';

export type MigrateOptions = Readonly<{
  /** The SQLite file. */
  from: string;
  /** The URL of the PostgreSQL database. */
  to: string;
  nowMs: () => number;
  onProgress?: (progress: Progress) => void;
  /** For tests: small limits make many batches of few rows. */
  limits?: BatchLimits;
}>;

export type MigrateOutcome =
  | Readonly<{ kind: 'moved'; proof: Proof; movingMs: number; provingMs: number }>
  /** The rows differ. The target stays closed to receivers. */
  | Readonly<{ kind: 'differs'; proof: Proof }>
  | Readonly<{ kind: 'moved_before'; proof: Proof; finishedAtMs: number }>;

const MAX_BATCH_ROWS = 1000;
/** A row costs some hundred bytes in addition to its texts and bodies. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const LIMITS: BatchLimits = { maxRows: MAX_BATCH_ROWS, maxBytes: MAX_BATCH_BYTES };

/**
 * Moves an inbox with its whole history from SQLite to PostgreSQL and proves that the copy is equal. It can be killed at
 * any moment and continues when it is started again.
 * @throws StoreError when the source is in use, the target holds something else, or either of them fails
 */
export async function migrateInbox(options: MigrateOptions): Promise<MigrateOutcome> {
  const { from, to, nowMs, onProgress = () => {}, limits = LIMITS } = options;
  const source = openExport(from);
  try {
    const target = await openImport(to);
    try {
      const begun = await target.begin(source.fingerprint, nowMs());
      if (begun.kind === 'finished') return { ...begun, kind: 'moved_before' };
      const move: Move = { source, target, limits, leasesEndMs: begun.beganAtMs, onProgress };
      const startedMs = monotonicMs();
      await moveRows(move, begun.mark);
      await target.analyze();
      const movedMs = monotonicMs();
      const proof = await proveCopy(move);
      if (!proof.every(isEqual)) return { kind: 'differs', proof };
      await target.finish(proof, source.lastRejectedSeq(), nowMs());
      return { kind: 'moved', proof, movingMs: movedMs - startedMs, provingMs: monotonicMs() - movedMs };
    } finally {
      await target.close();
    }
  } finally {
    source.close();
  }
}
