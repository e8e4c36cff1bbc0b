import { KEY_OF_ID, keyParts } from './delivery-key.ts';
import type { Writes } from './verbs.ts';

/** @see LeaseStore.extend */
export const extendWrites: Writes<'extend'> = {
  extend({ db }) {
    const extend = db.prepare(
      `update deliveries set lease_until = ? where key = ${KEY_OF_ID} and lease_token = ? and status = 'processing'`,
    );
    return (lease, untilMs) => {
      const { changes } = extend.run(untilMs, ...keyParts(lease.deliveryId), lease.token);
      return changes === 0 ? 'lost' : 'extended';
    };
  },
};
