import type { ClaimByIdsOutcome, ClaimByIdsRequest, DueDelivery, Leased } from '../store.ts';
import { lease } from './claim.ts';
import type { State } from './state.ts';

/** @see QueuedStore.claimByIds */
export function claimByIds(state: State, request: ClaimByIdsRequest): ClaimByIdsOutcome {
  const leased: Leased[] = [];
  const early: DueDelivery[] = [];
  for (const deliveryId of new Set(request.deliveryIds)) {
    const delivery = state.deliveries.get(deliveryId);
    if (delivery?.status !== 'pending' || delivery.turn === 'waits') continue;
    const { dueAtMs } = delivery;
    if (dueAtMs > request.nowMs) early.push({ deliveryId, dueAtMs });
    else leased.push(lease(state, delivery, request));
  }
  return { leased, early, left: [] };
}
