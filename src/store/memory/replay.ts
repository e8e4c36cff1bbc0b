import type { ReplayOutcome } from '../store.ts';
import { addPending, usedId } from './insert.ts';
import { isFullFor, isOpen, type State, toDelivery } from './state.ts';

/** @see OperateStore.replay. The old delivery stays as it ended. */
export function replay(
  state: State,
  deliveryId: string,
  newDeliveryId: string,
  nowMs: number,
): ReplayOutcome {
  const old = state.deliveries.get(deliveryId);
  if (old === undefined) return { kind: 'unknown' };
  if (isOpen(old)) return { kind: 'open', status: old.status };
  if (isFullFor(state, 1)) return { kind: 'full' };
  if (state.deliveries.has(newDeliveryId)) throw usedId('delivery', newDeliveryId);
  const { destination, eventId } = old;
  addPending(state, { id: newDeliveryId, destination, eventId, replayOf: deliveryId }, nowMs);
  return { kind: 'replayed', delivery: toDelivery(state.deliveries.get(newDeliveryId)!) };
}
