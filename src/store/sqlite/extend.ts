import type { DatabaseSync } from 'node:sqlite';
import { KEY_OF_ID, keyParts } from './delivery-key.ts';
import type { Verbs } from './operations.ts';

/** @see LeaseStore.extend */
export function prepareExtend(db: DatabaseSync): Verbs['extend'] {
  const extend = db.prepare(
    `update deliveries set lease_until = ? where key = ${KEY_OF_ID} and lease_token = ? and status = 'processing'`,
  );
  return ({ lease, untilMs }) => {
    const { changes } = extend.run(untilMs, ...keyParts(lease.deliveryId), lease.token);
    return changes === 0 ? 'lost' : 'extended';
  };
}
