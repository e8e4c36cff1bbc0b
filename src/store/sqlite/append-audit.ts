import type { DatabaseSync } from 'node:sqlite';
import type { AuditEntry } from '../../domain/audit.ts';
import { type AuditHead, CHAIN_START, linkAudit } from '../audit-chain.ts';
import { prepareRows } from './prepare-rows.ts';

export const AUDIT_COLUMNS =
  'seq, at, actor, role, address, action, target, before_json, after_json, through, hash';

/** Appends to the audit, within the transaction of what the entry tells of. */
export type Audit = Readonly<{
  /** @param through for an anchor, see AuditRow */
  append(entry: AuditEntry, through?: number): void;
}>;

export function prepareAudit(db: DatabaseSync): Audit {
  const findHead = prepareRows<AuditHead>(
    db,
    'select seq, hash from audit where seq = (select max(seq) from audit)',
  );
  const insert = db.prepare(`insert into audit (${AUDIT_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  return {
    append(entry, through) {
      const row = linkAudit(findHead.get() ?? CHAIN_START, entry, through);
      const { seq, at, actor, role, address, action, target } = row;
      const { before_json: before, after_json: after } = row;
      insert.run(seq, at, actor, role, address, action, target, before, after, row.through, row.hash);
    },
  };
}
