import { type AuditEntry, SYSTEM } from '../domain/audit.ts';
import type { CleanupKind } from '../store/store.ts';

/** The row of the audit for a run of a clean-up; the store adds what it deleted. @param beforeMs the limit of the run */
export function reportOf(kind: CleanupKind, beforeMs: number, nowMs: number): AuditEntry {
  return {
    atMs: nowMs,
    actor: SYSTEM,
    action: kind === 'audit' ? 'audit.retention' : 'cleanup.delete',
    target: kind,
    before: null,
    after: { before: new Date(beforeMs).toISOString() },
  };
}
