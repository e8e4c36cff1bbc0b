import type { Role } from './role.ts';

/** Who acts: a token's name and role, and the address of the client; `system` for what the receiver does by itself. */
export type Actor = Readonly<{ name: string; role: Role | 'system'; address: string | null }>;

/** The receiver itself. */
export const SYSTEM: Actor = { name: 'system', role: 'system', address: null };

/** Everything that writes a row of the audit. The word before the dot says what kind of thing the target names. */
export const AUDIT_ACTIONS = [
  'alert.ack',
  'alert.test',
  'audit.retention',
  'cleanup.confirm',
  'config.reload',
  'cleanup.delete',
  'console.link',
  'delivery.replay',
  'destination.close',
  'destination.hold',
  'destination.rate',
  'destination.resume',
  'destination.test',
  'destination.trip',
  'event.erase',
  'event.export',
  'event.import',
  'event.reveal',
  'operation.cancel',
  'operation.end',
  'operation.plan',
  'operation.run',
  'operation.take_back',
  'order_key.release',
  'receiver.start',
  'rejected.reveal',
  'rejected.reverify',
  'source.reconcile',
  'source.test',
  'source_state.read',
  'source_state.drop',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Facts of an action. Never a payload, a header's value, a query, a token or a secret. */
export type AuditDetail = Readonly<Record<string, string | number | boolean | null>>;

/** What happened: who did what to what. `before` and `after` say what it changed; `after` also why it was refused. */
export type AuditEntry = Readonly<{
  atMs: number;
  actor: Actor;
  action: AuditAction;
  target: string;
  before: AuditDetail | null;
  after: AuditDetail | null;
}>;

/** Bounds what a caller may put into a row by naming what is not there. */
const TARGET_CHARS_MAX = 256;

/** A text as a row may hold it: bounded, well formed, without NUL. */
export function toAuditText(text: string): string {
  return text.slice(0, TARGET_CHARS_MAX).toWellFormed().replaceAll('\0', '\ufffd');
}

/** The entry with more facts of what came out: a driver adds what only the transaction knows. */
export function withOutcome(entry: AuditEntry, outcome: AuditDetail): AuditEntry {
  return { ...entry, after: { ...entry.after, ...outcome } };
}
