import type { AuditEntry } from '../../domain/audit.ts';
import { type AuditRow, CHAIN_START, linkAudit } from '../audit-chain.ts';
import { findPrefix } from '../audit-prefix.ts';
import { toAuditPage, walkRange } from '../audit-walk.ts';
import type { Verbs } from '../forward.ts';
import type { AuditFilter, AuditStore } from '../store.ts';
import type { State } from './state.ts';

/** Appends to the audit. @param through for an anchor, see AuditRow */
export function appendAudit(state: State, entry: AuditEntry, through: number | null = null): void {
  state.audit.push(linkAudit(state.audit.at(-1) ?? CHAIN_START, entry, through));
}

/** @see AuditStore */
export const auditVerbs: Verbs<State, keyof AuditStore> = {
  appendAudit: (state, entry) => appendAudit(state, entry),
  purgeAudit(state, beforeMs, limit, entry) {
    const prefix = findPrefix(state.audit.slice(0, limit), beforeMs, entry);
    if (prefix === null) return 0;
    appendAudit(state, prefix.anchor, prefix.through);
    state.audit.splice(0, prefix.count);
    return prefix.count;
  },
  auditOf: ({ audit }, targets, limit) =>
    targets
      .flatMap((target) => audit.filter((row) => row.target === target).slice(-limit))
      .toSorted((a, b) => a.seq - b.seq),
  readAudit: ({ audit }, after, limit) => audit.filter(({ seq }) => seq > after).slice(0, limit),
  listAudit({ audit }, filter, limit, before) {
    const range = walkRange(audit.at(-1)?.seq ?? 0, before);
    const rows = audit
      .filter((row) => row.seq < range.top && row.seq >= range.floor && fits(row, filter))
      .toReversed();
    return toAuditPage(rows, limit, range);
  },
};

function fits(row: AuditRow, { actor, action, target, sinceMs, untilMs }: AuditFilter): boolean {
  return (
    (actor === null || row.actor === actor) &&
    (action === null || row.action === action) &&
    (target === null || row.target === target) &&
    (sinceMs === null || row.at >= sinceMs) &&
    (untilMs === null || row.at < untilMs)
  );
}
