import { type AuditEntry, withOutcome } from '../domain/audit.ts';

/** What clean-ups have deleted, as both databases name the columns; ids only of events. */
export type CleanupTally = Readonly<{
  deleted: number | null;
  first_id: string | null;
  last_id: string | null;
}>;

/** The row of the audit that tells of it; null when nothing was deleted. */
export function reportedEntry(entry: AuditEntry, tally: CleanupTally | undefined): AuditEntry | null {
  if (tally === undefined || tally.deleted === null) return null;
  const { deleted: count, first_id, last_id } = tally;
  return withOutcome(entry, first_id === null ? { count } : { count, first_id, last_id });
}
