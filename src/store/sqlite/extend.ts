import type { DatabaseSync } from 'node:sqlite';
import type { Verbs } from './operations.ts';
import { uuidToBytes } from './uuid-bytes.ts';

/** @see LeaseStore.extend */
export function prepareExtend(db: DatabaseSync): Verbs['extend'] {
  const extend = db.prepare(
    `update deliveries set lease_until = ? where id = ? and lease_token = ? and status = 'processing'`,
  );
  return ({ lease, untilMs }) => {
    const { changes } = extend.run(untilMs, uuidToBytes(lease.deliveryId), lease.token);
    return changes === 0 ? 'lost' : 'extended';
  };
}
