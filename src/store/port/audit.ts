import type { AuditAction, AuditEntry } from '../../domain/audit.ts';
import type { AuditRow } from '../audit-chain.ts';

/** Rows that fit all of what is not null; `sinceMs` included, `untilMs` not. */
export type AuditFilter = Readonly<{
  actor: string | null;
  action: AuditAction | null;
  target: string | null;
  sinceMs: number | null;
  untilMs: number | null;
}>;

/** A page of the audit, newest first, which may be short; `next` is the cursor of the next page. */
export type AuditPage = Readonly<{ rows: readonly AuditRow[]; next: number | null }>;

/** Who did what: see audit-chain.ts. */
export interface AuditStore {
  /** Writes a row for what is not an operation of the store, or was refused. */
  appendAudit(entry: AuditEntry): Promise<void>;
  /** Rows behind a number, oldest first. */
  readAudit(after: number, limit: number): Promise<readonly AuditRow[]>;
  /** Rows that fit, newest first, of the AUDIT_WALK rows before the cursor. */
  listAudit(filter: AuditFilter, limit: number, before: number | null): Promise<AuditPage>;
  /** The newest rows about each of these targets, up to `limit` for each, oldest first. */
  auditOf(targets: readonly string[], limit: number): Promise<readonly AuditRow[]>;
  /**
   * Deletes up to `limit` of the oldest rows, as far as they are of before `beforeMs`, and writes the anchor in the same
   * transaction. @returns how many; fewer than the limit means that none are left
   */
  purgeAudit(beforeMs: number, limit: number, anchor: AuditEntry): Promise<number>;
}
