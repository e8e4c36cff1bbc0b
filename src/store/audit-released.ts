import { type AuditEntry, withOutcome } from '../domain/audit.ts';
import type { ReleaseOutcome } from './store.ts';

/**
 * The row of a released order key. It names the failed delivery and never the key, which is a value of the payload.
 * @param entry what the caller knows, which is the key's destination
 */
export function releasedEntry(
  entry: AuditEntry,
  destination: string,
  { deliveryId, next }: Extract<ReleaseOutcome, { kind: 'released' }>,
): AuditEntry {
  const named = { ...entry, target: deliveryId };
  return withOutcome(named, { destination, next_delivery_id: next?.deliveryId ?? null });
}
