import type { Verbs } from '../forward.ts';
import type { CleanupStore } from '../store.ts';
import { appendAudit } from './audit.ts';
import type { State } from './state.ts';

const NEVER = { ranAtMs: null, confirmedAtMs: null };

/** @see CleanupStore */
export const cleanupVerbs: Verbs<State, keyof CleanupStore> = {
  readCleanup: ({ cleanups }, kind) => cleanups.get(kind) ?? NEVER,
  keepCleanup({ cleanups }, kind, nowMs) {
    cleanups.set(kind, { ...(cleanups.get(kind) ?? NEVER), ranAtMs: nowMs });
  },
  confirmCleanups(state, nowMs, audit) {
    for (const kind of ['events', 'rejected'] as const) {
      state.cleanups.set(kind, { ranAtMs: nowMs, confirmedAtMs: nowMs });
    }
    appendAudit(state, audit);
  },
};
