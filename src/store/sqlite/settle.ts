import type { DatabaseSync } from 'node:sqlite';
import type { Attempt } from '../../domain/attempt.ts';
import { hasTurnAfter, statusAfter } from '../../domain/settlement.ts';
import { groupAfter } from '../failure-group.ts';
import { KEY_OF_ID, keyParts } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Writes } from './verbs.ts';

/** The token in the condition is the fence: whoever lost the lease changes nothing. */
const SETTLE_SQL = `
  update deliveries set
    status = ?, attempts = attempts + ?, due_at = coalesce(?, due_at), last_error = iif(?, last_error, ?),
    failure_group = ?,    lease_token = null, lease_until = null, updated_at = ?, turn = iif(?, turn, null)
  where key = ${KEY_OF_ID} and lease_token = ? and status = 'processing'
  returning key, destination, order_key`;

type SettledRow = Readonly<{ key: number; destination: string; order_key: string | null }>;

/** @see LeaseStore.settle */
export const settleWrites: Writes<'settle'> = {
  settle({ db, counters, turns }) {
    const settle = prepareRows<SettledRow>(db, SETTLE_SQL);
    const appendAttempt = prepareAppendAttempt(db);
    return (lease, settlement, attempt, nowMs) => {
      const status = statusAfter(settlement);
      const keepsTurn = hasTurnAfter(settlement);
      const row = settle.get(
        status,
        attempt === null ? 0 : 1,
        'dueAtMs' in settlement ? settlement.dueAtMs : null,
        settlement.kind === 'released' ? 1 : 0,
        'error' in settlement ? settlement.error : null,
        groupAfter(settlement, attempt),
        nowMs,
        keepsTurn ? 1 : 0,
        ...keyParts(lease.deliveryId),
        lease.token,
      );
      if (row === undefined) return 'lost';
      counters.move(row.destination, 'processing', status);
      if (row.order_key !== null) {
        if (!keepsTurn) turns.pass(row.destination, row.order_key);
        else if (status === 'failed') counters.addOrder(row.destination, 'blocked', 1);
      }
      if (attempt !== null) appendAttempt(row.key, attempt);
      return 'settled';
    };
  },
};

export function prepareAppendAttempt(db: DatabaseSync): (key: number, attempt: Attempt) => void {
  const append = db.prepare(
    `insert into attempts (delivery_key, number, started_at, ended_at, outcome, error, http_status, response_excerpt)
     values (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (key, attempt) => {
    append.run(
      key,
      attempt.number,
      attempt.startedAtMs,
      attempt.endedAtMs,
      attempt.outcome,
      attempt.error,
      attempt.httpStatus,
      attempt.responseExcerpt,
    );
  };
}
