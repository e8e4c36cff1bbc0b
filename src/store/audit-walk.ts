import type { AuditRow } from './audit-chain.ts';
import type { AuditPage } from './store.ts';

/** Rows that one page looks at: a filter that fits nothing must not read years. */
export const AUDIT_WALK = 10_000;

/** Rows from `floor` up to, but without, `top`. */
export type AuditRange = Readonly<{ top: number; floor: number }>;

/** The rows that a page looks at. @param last the number of the newest row, 0 if there is none */
export function walkRange(last: number, before: number | null): AuditRange {
  const top = Math.min(last + 1, before ?? last + 1);
  return { top, floor: Math.max(1, top - AUDIT_WALK) };
}

/** Makes a page of the fitting rows of a range, of which there may be one more than `limit`. */
export function toAuditPage(rows: readonly AuditRow[], limit: number, range: AuditRange): AuditPage {
  const page = rows.slice(0, limit);
  if (rows.length > limit) return { rows: page, next: page.at(-1)!.seq };
  return { rows: page, next: range.floor > 1 ? range.floor : null };
}
