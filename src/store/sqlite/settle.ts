import type { DatabaseSync } from 'node:sqlite';
import type { Attempt } from '../../domain/attempt.ts';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { Counters } from './counters.ts';
import { KEY_OF_ID, keyParts } from './delivery-key.ts';
import type { Verbs } from './operations.ts';

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
    lease_token = null, lease_until = null, updated_at = ?
  where key = ${KEY_OF_ID} and lease_token = ? and status = 'processing'
  returning key, destination`;

/** @see LeaseStore.settle */
export function prepareSettle(db: DatabaseSync, counters: Counters): Verbs['settle'] {
  const settle = db.prepare(SETTLE_SQL);
  const appendAttempt = prepareAppendAttempt(db);
  return ({ lease, settlement, attempt, nowMs }) => {
    const status = STATUS_AFTER[settlement.kind];
    const row = settle.get(
      status,
      attempt === null ? 0 : 1,
      'dueAtMs' in settlement ? settlement.dueAtMs : null,
      settlement.kind === 'released' ? 1 : 0,
      'error' in settlement ? settlement.error : null,
      nowMs,
      ...keyParts(lease.deliveryId),
      lease.token,
    ) as { key: number; destination: string } | undefined;
    if (row === undefined) return 'lost';
    counters.move(row.destination, 'processing', status);
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
