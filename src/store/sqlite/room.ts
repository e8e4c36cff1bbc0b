import type { DatabaseSync } from 'node:sqlite';
import { ALERT_SOURCE } from '../../domain/alert.ts';
import { MAX_DELIVERIES } from '../../domain/delivery.ts';
import type { Counters } from './counters.ts';
import { STRIDE } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';

/**
 * The room below the limit of pending deliveries. Those of alerts take none; they are counted only where the limit is
 * reached, once a transaction, so that nothing else pays for them.
 */
export type Room = Readonly<{
  /** Whether so many more fit. */
  fits(more: number): boolean;
  /** A transaction begins, or an alert came. */
  countAgain(): void;
}>;

export function openRoom(db: DatabaseSync, counters: Counters, maxPendingDeliveries: number): Room {
  const count = prepareRows<{ alerts: number }>(
    db,
    `select count(*) as alerts from events e
     join deliveries d on d.key between e.seq * ${STRIDE} and e.seq * ${STRIDE} + ${MAX_DELIVERIES}
     where e.source = ? and d.status = 'pending' and d.held is null`,
  );
  let alerts: number | null = null;
  return {
    fits(more) {
      const beyond = counters.pending() + more - maxPendingDeliveries;
      if (beyond <= 0) return true;
      alerts ??= count.get(ALERT_SOURCE)!.alerts;
      return beyond <= alerts;
    },
    countAgain() {
      alerts = null;
    },
  };
}
