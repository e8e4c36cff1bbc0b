import { type AuditEntry, withOutcome } from '../domain/audit.ts';
import type { AuditRow } from './audit-chain.ts';

/** What a clean-up of the audit deletes: rows up to the number `through`, and the anchor that tells of it. */
export type AuditPrefix = Readonly<{ count: number; through: number; anchor: AuditEntry }>;

/**
 * The prefix of old rows, which ends at the first that is not old: clocks differ, but the chain has no holes.
 * @param rows the oldest ones
 * @returns null when none is old
 */
export function findPrefix(
  rows: readonly AuditRow[],
  beforeMs: number,
  entry: AuditEntry,
): AuditPrefix | null {
  const young = rows.findIndex(({ at }) => at >= beforeMs);
  const old = young === -1 ? rows : rows.slice(0, young);
  const last = old.at(-1);
  if (last === undefined) return null;
  const hash = Buffer.from(last.hash).toString('hex');
  const outcome = { count: old.length, first: old[0]!.seq, last: last.seq, hash };
  return { count: old.length, through: last.seq, anchor: withOutcome(entry, outcome) };
}
