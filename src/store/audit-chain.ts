import { createHash } from 'node:crypto';
import type { Actor, AuditAction, AuditDetail, AuditEntry } from '../domain/audit.ts';

/*
 * The audit is a chain: each row has the hash of its content and of the hash of the row before it. So a row that is
 * changed, removed or inserted later does not fit its neighbours, and one published hash vouches for all rows before it.
 */

/** What a row says, as both databases name the columns. */
type AuditContent = Readonly<{
  /** From 1, without gaps. */
  seq: number;
  at: number;
  actor: string;
  role: string;
  address: string | null;
  action: string;
  target: string;
  before_json: string | null;
  after_json: string | null;
  /** Only in an anchor: the number of the last row that the clean-up deleted with it. */
  through: number | null;
}>;

/** A row as it is stored; `hash` is SHA-256. */
export type AuditRow = AuditContent & Readonly<{ hash: Uint8Array }>;

/** The end of a chain: what the next row is linked to. */
export type AuditHead = Pick<AuditRow, 'seq' | 'hash'>;

/** What the first row of all is linked to. */
export const CHAIN_START: AuditHead = { seq: 0, hash: new Uint8Array(32) };

/** The row that the entry is behind the head. @param through for an anchor, see AuditContent */
export function linkAudit(head: AuditHead, entry: AuditEntry, through: number | null = null): AuditRow {
  const { actor } = entry;
  const content = {
    seq: head.seq + 1,
    at: entry.atMs,
    actor: actor.name,
    role: actor.role,
    address: actor.address,
    action: entry.action,
    target: entry.target,
    before_json: toText(entry.before),
    after_json: toText(entry.after),
    through,
  };
  return { ...content, hash: hashAudit(head.hash, content) };
}

/** The hash of a row behind a row with the hash `previous`. */
export function hashAudit(previous: Uint8Array, row: AuditContent): Uint8Array {
  const { seq, at, actor, role, address, action, target, before_json, after_json, through } = row;
  const content = [seq, at, actor, role, address, action, target, before_json, after_json, through];
  return createHash('sha256').update(previous).update(JSON.stringify(content)).digest();
}

/** What the row says, as the program speaks of it. */
export function toAuditEntry(row: AuditRow): AuditEntry {
  return {
    atMs: row.at,
    actor: { name: row.actor, role: row.role as Actor['role'], address: row.address },
    action: row.action as AuditAction,
    target: row.target,
    before: toDetail(row.before_json),
    after: toDetail(row.after_json),
  };
}

function toText(detail: AuditDetail | null): string | null {
  return detail === null ? null : JSON.stringify(detail);
}

function toDetail(text: string | null): AuditDetail | null {
  return text === null ? null : (JSON.parse(text) as AuditDetail);
}
