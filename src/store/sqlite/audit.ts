import type { AuditRow } from '../audit-chain.ts';
import { findPrefix } from '../audit-prefix.ts';
import { toAuditPage, walkRange } from '../audit-walk.ts';
import { AUDIT_COLUMNS } from './append-audit.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Reads, Writes } from './verbs.ts';

/** The writes of AuditStore. */
export const auditWrites: Writes<'appendAudit' | 'purgeAudit'> = {
  purgeAudit({ db, audit }) {
    const findOldest = prepareRows<AuditRow>(
      db,
      `select ${AUDIT_COLUMNS} from audit where seq > 0 order by seq limit ?`,
    );
    const remove = db.prepare('delete from audit where seq <= ?');
    return (beforeMs, limit, entry) => {
      const prefix = findPrefix(findOldest.all(limit), beforeMs, entry);
      if (prefix === null) return 0;
      // First, since the trigger lets only those rows go that the newest one names.
      audit.append(prefix.anchor, prefix.through);
      remove.run(prefix.through);
      return prefix.count;
    };
  },
  appendAudit:
    ({ audit }) =>
    (entry) =>
      audit.append(entry),
};

/** The reads of AuditStore. */
export const auditReads: Reads<'readAudit' | 'listAudit' | 'auditOf'> = {
  auditOf(db) {
    const find = prepareRows<AuditRow>(
      db,
      `select ${AUDIT_COLUMNS} from audit where target = ? order by seq desc limit ?`,
    );
    return (targets, limit) =>
      targets.flatMap((target) => find.all(target, limit)).toSorted((a, b) => a.seq - b.seq);
  },
  readAudit(db) {
    const find = prepareRows<AuditRow>(
      db,
      `select ${AUDIT_COLUMNS} from audit where seq > ? order by seq limit ?`,
    );
    return (after, limit) => find.all(after, limit);
  },
  listAudit(db) {
    const findLast = prepareRows<{ last: number | null }>(db, 'select max(seq) as last from audit');
    const find = prepareRows<AuditRow>(
      db,
      `select ${AUDIT_COLUMNS} from audit where seq < ?1 and seq >= ?2
         and (?3 is null or actor = ?3) and (?4 is null or action = ?4) and (?5 is null or target = ?5)
         and (?6 is null or at >= ?6) and (?7 is null or at < ?7)
       order by seq desc limit ?8`,
    );
    return ({ actor, action, target, sinceMs, untilMs }, limit, before) => {
      const range = walkRange(findLast.get()!.last ?? 0, before);
      const rows = find.all(range.top, range.floor, actor, action, target, sinceMs, untilMs, limit + 1);
      return toAuditPage(rows, limit, range);
    };
  },
};
