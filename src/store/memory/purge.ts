import type { PurgeOutcome } from '../store.ts';
import { tallyCleanup } from './cleanups.ts';
import { deliveriesOf, isBlocking, isOpen, keyOf, type State } from './state.ts';

/** @see OperateStore.purge. The cursor is the place of the last event that was deleted or skipped. */
export function purge(state: State, beforeMs: number, limit: number, cursor: string | null): PurgeOutcome {
  const old = [...state.events.values()]
    .filter(({ receivedAtMs }) => receivedAtMs < beforeMs)
    .map(({ id }) => ({ id, place: state.accepted.get(id)! }))
    .filter(({ place }) => cursor === null || place > Number(cursor));
  const deleted: string[] = [];
  let next: string | null = null;
  for (const { id, place } of old) {
    if (!deliveriesOf(state, id).some((delivery) => isOpen(delivery) || isBlocking(delivery))) {
      deleteEvent(state, id);
      deleted.push(id);
    }
    if (deleted.length < limit) continue;
    next = id === old.at(-1)!.id ? null : String(place);
    break;
  }
  tallyCleanup(state, 'events', deleted.length, deleted);
  return { deleted: deleted.length, cursor: next };
}

function deleteEvent(state: State, id: string): void {
  for (const delivery of deliveriesOf(state, id)) {
    state.attempts.delete(delivery.id);
    state.deliveries.delete(delivery.id);
  }
  for (const [mark, eventId] of state.marks) if (eventId === id) state.marks.delete(mark);
  state.duplicates.delete(id);
  state.searchKeys.delete(id);
  state.erased.delete(id);
  const { source, idempotencyKey } = state.events.get(id)!;
  state.eventIds.delete(keyOf(source, idempotencyKey));
  state.events.delete(id);
}
