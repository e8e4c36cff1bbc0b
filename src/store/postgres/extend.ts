import type { Lease } from '../../domain/lease.ts';
import type { Query, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';

export type Extend = Readonly<{ lease: Lease; untilMs: number }>;

export const EXTEND: Statement<{ n: number }> = {
  name: 'extend',
  text: `
update deliveries d set lease_until = i.until_ms
from unnest($1::uuid[], $2::integer[], $3::text[], $4::bigint[]) with ordinality
  as i (event_id, number, token, until_ms, n)
where d.event_id = i.event_id and d.number = i.number and d.lease_token = i.token collate "C"
returning i.n`,
};

/** @see LeaseStore.extend. No two of the batch extend the lease of the same delivery. */
export async function extendAll(query: Query, batch: readonly Extend[]): Promise<('extended' | 'lost')[]> {
  const keys = batch.map(({ lease }) => deliveryKey(lease.deliveryId));
  const rows = await query(EXTEND, [
    keys.map(({ eventId }) => eventId),
    keys.map(({ number }) => number),
    batch.map(({ lease }) => lease.token),
    batch.map(({ untilMs }) => untilMs),
  ]);
  const extended = new Set(rows.map(({ n }) => n));
  return batch.map((_, at) => (extended.has(at + 1) ? 'extended' : 'lost'));
}
