import { type AuditEntry, withOutcome } from '../domain/audit.ts';
import type { VerifiedAnswer, VerifiedWrite } from './store.ts';

/** Whether the write came to something, so that the request is not kept any more. */
export function isTaken(answer: VerifiedAnswer): boolean {
  return typeof answer === 'object' ? answer.kind !== 'full' : answer !== 'present';
}

/** The entry of a request that was taken: it is about the event, if there is one now. */
export function takenEntry(
  entry: AuditEntry,
  { method, args }: VerifiedWrite,
  answer: VerifiedAnswer,
): AuditEntry {
  if (method !== 'insertEvent' || typeof answer !== 'object' || answer.kind === 'full') return entry;
  const isNew = answer.kind === 'inserted';
  const about = { ...entry, target: isNew ? args[0].id : answer.event.id };
  // An event that is a handshake as well is told as one.
  return withOutcome(about, { outcome: entry.after?.outcome ?? (isNew ? 'accepted' : 'duplicate') });
}
