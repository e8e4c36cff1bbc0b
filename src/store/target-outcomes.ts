import type { Actor, AuditEntry } from '../domain/audit.ts';
import type { TargetOutcome } from '../domain/operation.ts';
import type { EraseState, ReplayOutcome } from './store.ts';

/** The last error of a delivery that an operator has given up. */
export const GIVEN_UP = 'given up by an operator';

/** What becomes of a target whose replay was refused. */
export const REFUSED_AS: Readonly<Record<Exclude<ReplayOutcome['kind'], 'replayed'>, TargetOutcome>> = {
  unknown: 'gone',
  open: 'open',
  erased: 'erased_before',
  completed: 'completed',
  already_replayed: 'superseded',
  full: 'gone',
};

export const ERASED_AS: Readonly<Record<EraseState, TargetOutcome>> = {
  erased: 'erased',
  erased_before: 'erased_before',
  open: 'open',
  unknown: 'gone',
};

/** The row of the audit for each event that an operation erases; an erase sets its target. */
export function eraseEntry(actor: Actor, atMs: number): AuditEntry {
  return { atMs, actor, action: 'event.erase', target: '', before: null, after: { by: 'operation' } };
}
