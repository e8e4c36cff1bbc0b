import { type CleanupTally, reportedEntry } from '../cleanup-report.ts';
import type { Verbs } from '../forward.ts';
import { CLEANUP_KINDS, type CleanupKind, type CleanupStore } from '../store.ts';
import { appendAudit } from './audit.ts';
import type { State } from './state.ts';

const NEVER = { ranAtMs: null, confirmedAtMs: null };

/** Adds to what clean-ups of the kind have deleted. @param ids of events alone, in the order of deletion */
export function tallyCleanup(state: State, kind: CleanupKind, deleted: number, ids: readonly string[]): void {
  if (deleted === 0) return;
  const last: CleanupTally = state.cleanupTallies.get(kind) ?? { deleted: 0, first_id: null, last_id: null };
  state.cleanupTallies.set(kind, {
    deleted: (last.deleted ?? 0) + deleted,
    first_id: last.first_id ?? ids[0] ?? null,
    last_id: ids.at(-1) ?? last.last_id,
  });
}

/** @see CleanupStore */
export const cleanupVerbs: Verbs<State, keyof CleanupStore> = {
  readCleanup: ({ cleanups }, kind) => cleanups.get(kind) ?? NEVER,
  keepCleanup({ cleanups }, kind, nowMs) {
    cleanups.set(kind, { ...(cleanups.get(kind) ?? NEVER), ranAtMs: nowMs });
  },
  confirmCleanups(state, nowMs, audit) {
    for (const kind of CLEANUP_KINDS) {
      state.cleanups.set(kind, { ranAtMs: nowMs, confirmedAtMs: nowMs });
    }
    appendAudit(state, audit);
  },
  reportCleanup(state, kind, audit) {
    const reported = reportedEntry(audit, state.cleanupTallies.get(kind));
    if (reported === null) return;
    state.cleanupTallies.delete(kind);
    appendAudit(state, reported);
  },
};
