import { deliveryIdOf } from '../../domain/delivery.ts';
import type { ExpiredLease } from '../store.ts';
import type { QueryContext, Statement } from './database.ts';
import { type Walks, walking } from './walks.ts';

/** A claim is the last update of a processing delivery, so it dates the lease. */
type ExpiredRow = Readonly<{
  event_id: string;
  number: number;
  destination: string;
  attempts: number;
  lease_token: string;
  lease_until: number;
  updated_at: number;
  order_key: string | null;
  source: string;
}>;

export const EXPIRED: Statement<ExpiredRow> = {
  name: 'expired',
  text: `
select d.event_id, d.number, d.destination, d.attempts, d.lease_token, d.lease_until, d.updated_at, d.order_key, e.source
from deliveries d join events e on e.id = d.event_id
where d.status = 'processing' and d.lease_until >= $3 and d.lease_until <= $1
order by d.lease_until, d.event_id, d.number limit $2`,
};

/** The leases are one index, whatever their destination. */
const ALL = '';

/** @see LeaseStore.expired */
export async function expired(
  { query, leases }: QueryContext & Readonly<{ leases: Walks }>,
  untilMs: number,
  limit: number,
): Promise<ExpiredLease[]> {
  const rows = await walking(leases, ALL, untilMs, async (fromMs) => {
    const found = await query(EXPIRED, [untilMs, limit, fromMs]);
    return [found, found[0]?.lease_until ?? null];
  });
  return rows.map((row) => ({
    lease: {
      deliveryId: deliveryIdOf(row.event_id, row.number),
      token: row.lease_token,
      untilMs: row.lease_until,
      orderKey: row.order_key,
    },
    source: row.source,
    destination: row.destination,
    attempts: row.attempts,
    leasedAtMs: row.updated_at,
  }));
}
