import type { DueDelivery, Leased } from '../store.ts';
import { LEASE_SQL, MAX_CLAIM_BYTES, prepareReadEvent } from './claim.ts';
import { deliveryIdOfKey, eventSeqOf, KEY_OF_ID, keyParts } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Writes } from './verbs.ts';

const PENDING_BY_ID_SQL = `
  select key, destination, attempts, due_at, order_key, sent_as, held from deliveries
  where key = ${KEY_OF_ID} and status = 'pending' and turn is not 'waits'`;

type PendingRow = Readonly<{
  key: number;
  destination: string;
  attempts: number;
  due_at: number;
  order_key: string | null;
  sent_as: number | null;
  held: 1 | null;
}>;

/** @see QueuedStore.claimByIds */
export const claimByIdsWrites: Writes<'claimByIds'> = {
  claimByIds({ db, counters }) {
    const find = prepareRows<PendingRow>(db, PENDING_BY_ID_SQL);
    const take = db.prepare(LEASE_SQL);
    const readEvent = prepareReadEvent(db, 'seq');
    return (request) => {
      const { token, nowMs, leaseUntilMs } = request;
      const deliveryIds = [...new Set(request.deliveryIds)];
      const leased: Leased[] = [];
      const early: DueDelivery[] = [];
      let bytes = 0;
      for (const [index, deliveryId] of deliveryIds.entries()) {
        if (bytes >= MAX_CLAIM_BYTES) return { leased, early, left: deliveryIds.slice(index) };
        const row = find.get(...keyParts(deliveryId));
        if (row === undefined) continue;
        const { key, destination, attempts, due_at: dueAtMs, order_key: orderKey, held } = row;
        if (dueAtMs > nowMs) {
          early.push({ deliveryId, dueAtMs });
          continue;
        }
        take.run(token, leaseUntilMs, nowMs, key);
        counters.move(destination, 'pending', 'processing');
        if (held !== null) counters.addHeld(destination, -1);
        const event = readEvent(eventSeqOf(key))!;
        bytes += event.body.length;
        const lease = { deliveryId, token, untilMs: leaseUntilMs, orderKey };
        const sentAs = row.sent_as === null ? deliveryId : deliveryIdOfKey(event.id, row.sent_as);
        leased.push({ lease, destination, attempts, event, sentAs });
      }
      return { leased, early, left: [] };
    };
  },
};
