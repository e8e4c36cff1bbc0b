import type { DatabaseSync } from 'node:sqlite';
import type { Verbs } from './operations.ts';
import { bytesToUuid } from './uuid-bytes.ts';

export const EXPIRED_LEASES_SQL = `
  select id, destination, attempts, lease_token, lease_until, updated_at from deliveries
  where status = 'processing' and lease_until <= ?
  order by lease_until, id limit ?`;

type Row = {
  id: Uint8Array;
  destination: string;
  attempts: number;
  lease_token: string;
  lease_until: number;
  updated_at: number;
};

/** @see LeaseStore.expired. A claim is the last update of a processing delivery, so it dates the lease. */
export function prepareExpired(db: DatabaseSync): Verbs['expired'] {
  const find = db.prepare(EXPIRED_LEASES_SQL);
  return ({ untilMs, limit }) =>
    (find.all(untilMs, limit) as unknown as Row[]).map((row) => ({
      lease: { deliveryId: bytesToUuid(row.id), token: row.lease_token, untilMs: row.lease_until },
      destination: row.destination,
      attempts: row.attempts,
      leasedAtMs: row.updated_at,
    }));
}
