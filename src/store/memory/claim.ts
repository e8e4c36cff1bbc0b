import { NEVER_MS } from '../../domain/order.ts';
import type { ClaimOutcome, ClaimRequest, Leased } from '../store.ts';
import { byId, copyEvent, deliveriesWith, type State, type StoredDelivery } from './state.ts';

/** @see LeaseStore.claim */
export function claim(state: State, request: ClaimRequest): ClaimOutcome {
  const leased = request.limits.flatMap(({ destination, limit }) =>
    waitingFor(state, destination)
      .filter((delivery) => delivery.dueAtMs <= request.nowMs)
      .slice(0, limit)
      .map((delivery) => lease(state, delivery, request)),
  );
  const left = request.limits.flatMap(({ destination }) => waitingFor(state, destination));
  return { leased, nextDueAtMs: left.length === 0 ? null : Math.min(...left.map(({ dueAtMs }) => dueAtMs)) };
}

/** A destination's pending deliveries that do not wait for a turn, longest due first. */
export function waitingFor(state: State, destination: string): StoredDelivery[] {
  return deliveriesWith(state, 'pending')
    .filter((delivery) => delivery.destination === destination && delivery.dueAtMs < NEVER_MS)
    .sort((a, b) => a.dueAtMs - b.dueAtMs || byId(a, b));
}

/** Leases one delivery. */
export function lease(
  state: State,
  delivery: StoredDelivery,
  request: Pick<ClaimRequest, 'token' | 'nowMs' | 'leaseUntilMs'>,
): Leased {
  const { token, nowMs, leaseUntilMs } = request;
  state.deliveries.set(delivery.id, {
    ...delivery,
    status: 'processing',
    updatedAtMs: nowMs,
    isHeld: false,
    lease: { token, untilMs: leaseUntilMs, leasedAtMs: nowMs },
  });
  return {
    lease: { deliveryId: delivery.id, token, untilMs: leaseUntilMs, orderKey: delivery.orderKey },
    destination: delivery.destination,
    attempts: delivery.attempts,
    event: copyEvent(state.events.get(delivery.eventId)!),
    sentAs: delivery.sentAs,
  };
}
