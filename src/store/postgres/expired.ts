import { deliveryIdOf } from '../../domain/delivery.ts';
import type { ExpiredLease } from '../store.ts';
import type { QueryContext, Statement } from './database.ts';

/** A claim is the last update of a processing delivery, so it dates the lease. */
export const EXPIRED: Statement = {
  name: 'expired',
  text: `
select d.event_id, d.number, d.destination, d.attempts, d.lease_token, d.lease_until, d.updated_at, d.order_key, e.source
from deliveries d join events e on e.id = d.event_id
where d.status = 'processing' and d.lease_until <= $1
order by d.lease_until, d.event_id, d.number limit $2`,
};

/** @see LeaseStore.expired */
export async function expired(
  { query }: QueryContext,
  untilMs: number,
  limit: number,
): Promise<ExpiredLease[]> {
  const rows = await query(EXPIRED, [untilMs, limit]);
  return rows.map((row) => ({
    lease: {
      deliveryId: deliveryIdOf(row.event_id as string, row.number as number),
      token: row.lease_token as string,
      untilMs: row.lease_until as number,
      orderKey: row.order_key as string | null,
    },
    source: row.source as string,
    destination: row.destination as string,
    attempts: row.attempts as number,
    leasedAtMs: row.updated_at as number,
  }));
}
