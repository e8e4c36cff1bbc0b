import type { Attempt } from '../../domain/attempt.ts';
import type { Lease } from '../../domain/lease.ts';
import { hasTurnAfter, type Settlement, statusAfter } from '../../domain/settlement.ts';
import { groupAfter } from '../failure-group.ts';
import { passTurn } from './order.ts';
import type { State, StoredDelivery } from './state.ts';

/** @see LeaseStore.settle */
export function settle(
  state: State,
  lease: Lease,
  settlement: Settlement,
  attempt: Attempt | null,
  nowMs: number,
): 'settled' | 'lost' {
  const delivery = heldBy(state, lease);
  if (delivery === null) return 'lost';
  const keepsTurn = hasTurnAfter(settlement);
  state.deliveries.set(delivery.id, {
    ...delivery,
    ...changeBy(settlement),
    failureGroup: groupAfter(settlement, attempt),
    status: statusAfter(settlement),
    turn: keepsTurn ? delivery.turn : null,
    attempts: delivery.attempts + (attempt === null ? 0 : 1),
    updatedAtMs: nowMs,
    lease: null,
  });
  if (delivery.orderKey !== null && !keepsTurn) passTurn(state, delivery.destination, delivery.orderKey);
  if (attempt !== null) {
    state.attempts.set(delivery.id, [...state.attempts.get(delivery.id)!, { ...attempt }]);
  }
  return 'settled';
}

/** The fence: the delivery if the lease still holds it, otherwise null. */
export function heldBy(state: State, lease: Lease): StoredDelivery | null {
  const delivery = state.deliveries.get(lease.deliveryId);
  if (delivery?.status !== 'processing' || delivery.lease?.token !== lease.token) return null;
  return delivery;
}

/** A release says nothing about the delivery, so the last error stays. */
function changeBy(settlement: Settlement): Partial<StoredDelivery> {
  switch (settlement.kind) {
    case 'completed':
      return { lastError: null };
    case 'failed':
      return { lastError: settlement.error };
    case 'retry':
      return { dueAtMs: settlement.dueAtMs, lastError: settlement.error };
    case 'released':
      return { dueAtMs: settlement.dueAtMs };
  }
}
