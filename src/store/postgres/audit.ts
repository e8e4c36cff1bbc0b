import type { AuditEntry } from '../../domain/audit.ts';
import { type AuditHead, type AuditRow, CHAIN_START, linkAudit } from '../audit-chain.ts';
import { findPrefix } from '../audit-prefix.ts';
import { toAuditPage, walkRange } from '../audit-walk.ts';
import type { Verbs } from '../forward.ts';
import type { AuditStore } from '../store.ts';
import type { Database, Query, QueryContext, Statement } from './database.ts';
import { LOCK_SPACE } from './migrate.ts';
import { LOCKED_TIMEOUT_MS } from './order-locks.ts';

/** In the space of the inbox's own advisory locks. */
const AUDIT_LOCK = 4;

/** One transaction at a time extends the chain. The lock ends with it, or with a session that is frozen. */
export const LOCK_AUDIT: Statement = {
  name: 'lock_audit',
  text: `
select pg_advisory_xact_lock(${LOCK_SPACE}, ${AUDIT_LOCK}),
  set_config('idle_in_transaction_session_timeout', '${LOCKED_TIMEOUT_MS}', true)`,
};
export const AUDIT_HEAD: Statement<AuditHead> = {
  name: 'audit_head',
  text: 'select seq, hash from audit order by seq desc limit 1',
};

const COLUMNS = 'seq, at, actor, role, address, action, target, before_json, after_json, through, hash';

export const APPEND_AUDIT: Statement = {
  name: 'append_audit',
  text: `insert into audit (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
};
export const READ_AUDIT: Statement<AuditRow> = {
  name: 'read_audit',
  text: `select ${COLUMNS} from audit where seq > $1 order by seq limit $2`,
};
export const AUDIT_OF: Statement<AuditRow> = {
  name: 'audit_of',
  text: `
select found.* from unnest($1::text[]) as asked (target)
cross join lateral (
  select ${COLUMNS} from audit a where a.target = asked.target collate "C" order by a.seq desc limit $2
) found
order by found.seq`,
};
export const DELETE_AUDIT: Statement = { name: 'delete_audit', text: 'delete from audit where seq <= $1' };
export const LIST_AUDIT: Statement<AuditRow> = {
  name: 'list_audit',
  text: `
select ${COLUMNS} from audit where seq < $1 and seq >= $2
  and ($3::text is null or actor = $3) and ($4::text is null or action = $4) and ($5::text is null or target = $5)
  and ($6::bigint is null or at >= $6) and ($7::bigint is null or at < $7)
order by seq desc limit $8`,
};

/**
 * Appends to the audit, within the transaction of what the entry tells of. It comes last in the transaction: what waits for
 * the lock holds other locks, and whoever has the lock waits for none.
 * @param through for an anchor, see AuditRow
 */
export async function appendAudit(
  query: Query,
  entry: AuditEntry,
  through: number | null = null,
): Promise<void> {
  await query(LOCK_AUDIT);
  const [head = CHAIN_START] = await query(AUDIT_HEAD);
  const row = linkAudit(head, entry, through);
  const { seq, at, actor, role, address, action, target, before_json, after_json, hash } = row;
  const content = [seq, at, actor, role, address, action, target, before_json, after_json, through];
  await query(APPEND_AUDIT, [...content, Buffer.from(hash)]);
}

/** @see AuditStore */
export const auditVerbs: Verbs<QueryContext & Readonly<{ background: Database }>, keyof AuditStore> = {
  appendAudit: ({ background }, entry) => background.transaction((query) => appendAudit(query, entry)),
  purgeAudit: ({ background }, beforeMs, limit, entry) =>
    background.transaction(async (query) => {
      await query(LOCK_AUDIT);
      const prefix = findPrefix(await query(READ_AUDIT, [0, limit]), beforeMs, entry);
      if (prefix === null) return 0;
      // First, since the trigger lets only those rows go that the newest one names.
      await appendAudit(query, prefix.anchor, prefix.through);
      await query(DELETE_AUDIT, [prefix.through]);
      return prefix.count;
    }),
  auditOf: ({ query }, targets, limit) => query(AUDIT_OF, [targets, limit]),
  readAudit: ({ query }, after, limit) => query(READ_AUDIT, [after, limit]),
  async listAudit({ query }, { actor, action, target, sinceMs, untilMs }, limit, before) {
    const [head = CHAIN_START] = await query(AUDIT_HEAD);
    const range = walkRange(head.seq, before);
    const filters = [actor, action, target, sinceMs, untilMs];
    const rows = await query(LIST_AUDIT, [range.top, range.floor, ...filters, limit + 1]);
    return toAuditPage(rows, limit, range);
  },
};
