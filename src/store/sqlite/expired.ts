import { deliveryIdOfKey, eventSeqOf } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';
import { bytesToUuid } from './uuid-bytes.ts';
import type { Writes } from './verbs.ts';

const EXPIRED_LEASES_SQL = `
  select key, destination, attempts, lease_token, lease_until, updated_at, order_key from deliveries
  where status = 'processing' and lease_until <= ?
  order by lease_until, key limit ?`;

type ExpiredRow = Readonly<{
  key: number;
  destination: string;
  attempts: number;
  lease_token: string;
  lease_until: number;
  updated_at: number;
  order_key: string | null;
}>;

/** @see LeaseStore.expired. A claim is the last update of a processing delivery, so it dates the lease. */
export const expiredWrites: Writes<'expired'> = {
  expired({ db }) {
    const find = prepareRows<ExpiredRow>(db, EXPIRED_LEASES_SQL);
    const findEvent = prepareRows<{ id: Uint8Array; source: string }>(
      db,
      'select id, source from events where seq = ?',
    );
    return (untilMs, limit) =>
      find.all(untilMs, limit).map((row) => {
        const { id, source } = findEvent.get(eventSeqOf(row.key))!;
        return {
          lease: {
            deliveryId: deliveryIdOfKey(bytesToUuid(id), row.key),
            token: row.lease_token,
            untilMs: row.lease_until,
            orderKey: row.order_key,
          },
          source,
          destination: row.destination,
          attempts: row.attempts,
          leasedAtMs: row.updated_at,
        };
      });
  },
};
