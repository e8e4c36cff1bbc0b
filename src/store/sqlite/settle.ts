import type { DatabaseSync } from 'node:sqlite';
import type { Attempt } from '../../domain/attempt.ts';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { hasTurnAfter, type Settlement } from '../../domain/settlement.ts';
import type { Counters } from './counters.ts';
import { KEY_OF_ID, keyParts } from './delivery-key.ts';
import type { Verbs } from './operations.ts';
import type { Turns } from './turn.ts';

const STATUS_AFTER: Readonly<Record<Settlement['kind'], DeliveryStatus>> = {
  completed: 'completed',
  retry: 'pending',
  failed: 'failed',
  released: 'pending',
};

/** The token in the condition is the fence: whoever lost the lease changes nothing. */
const SETTLE_SQL = `
  update deliveries set
    status = ?, attempts = attempts + ?, due_at = coalesce(?, due_at), last_error = iif(?, last_error, ?),
    lease_token = null, lease_until = null, updated_at = ?, turn = iif(?, turn, null)
  where key = ${KEY_OF_ID} and lease_token = ? and status = 'processing'
  returning key, destination, order_key`;

/** @see LeaseStore.settle */
export function prepareSettle(db: DatabaseSync, counters: Counters, turns: Turns): Verbs['settle'] {
  const settle = db.prepare(SETTLE_SQL);
  const appendAttempt = prepareAppendAttempt(db);
  return ({ lease, settlement, attempt, nowMs }) => {
    const status = STATUS_AFTER[settlement.kind];
    const keepsTurn = hasTurnAfter(settlement);
    const row = settle.get(
      status,
      attempt === null ? 0 : 1,
      'dueAtMs' in settlement ? settlement.dueAtMs : null,
      settlement.kind === 'released' ? 1 : 0,
      'error' in settlement ? settlement.error : null,
      nowMs,
      keepsTurn ? 1 : 0,
      ...keyParts(lease.deliveryId),
      lease.token,
    ) as { key: number; destination: string; order_key: string | null } | undefined;
    if (row === undefined) return 'lost';
    counters.move(row.destination, 'processing', status);
    if (row.order_key !== null) {
      if (!keepsTurn) turns.pass(row.destination, row.order_key);
      else if (status === 'failed') counters.addOrder(row.destination, 'blocked', 1);
    }
    if (attempt !== null) appendAttempt(row.key, attempt);
    return 'settled';
  };
}

function prepareAppendAttempt(db: DatabaseSync): (key: number, attempt: Attempt) => void {
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
