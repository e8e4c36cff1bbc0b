import { type Delivery, deliveryIdOf, deliveryNumberOf, MAX_DELIVERIES } from '../../domain/delivery.ts';
import { StoreError } from '../../domain/errors.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import { type Addressee, destinationOf, NEVER_MS, orderKeyOf } from '../../domain/order.ts';
import type { InsertOutcome, ReplayMark } from '../store.ts';
import { viewOf } from './browse.ts';
import { copyEvent, holderOf, isFullFor, keyOf, markOf, type State } from './state.ts';

/** @see InboxStore.insertEvent */
export function insert(
  state: State,
  event: WebhookEvent,
  destinations: readonly Addressee[],
  mark: ReplayMark | null = null,
): InsertOutcome {
  const key = keyOf(event.source, event.idempotencyKey);
  // Before the limit: a provider that resends learns that the event is stored, however full the store is.
  const known = state.events.get(state.eventIds.get(key) ?? '') ?? findMarked(state, event.source, mark);
  if (known !== null) return duplicateOf(state, known, event);
  if (isFullFor(state, destinations.length)) return { kind: 'full' };
  // Ids are unique; an id that comes twice is a caller's mistake and must not overwrite a row.
  if (state.events.has(event.id)) throw new StoreError('STORE_INTERNAL', `the event id ${event.id} is taken`);
  state.events.set(event.id, copyEvent(event));
  state.accepted.set(event.id, state.accepted.size);
  state.eventIds.set(key, event.id);
  if (mark !== null) state.marks.set(markOf(event.source, mark.digest), event.id);
  destinations.forEach((addressee, index) => {
    const id = deliveryIdOf(event.id, index + 1);
    const destination = destinationOf(addressee);
    const orderKey = orderKeyOf(addressee);
    addPending(state, { id, destination, orderKey, eventId: event.id, replayOf: null }, event.receivedAtMs);
  });
  return { kind: 'inserted' };
}

/** The event of the source that has the mark, while the mark holds. */
function findMarked(state: State, source: string, mark: ReplayMark | null): WebhookEvent | null {
  if (mark === null) return null;
  const event = state.events.get(state.marks.get(markOf(source, mark.digest)) ?? '');
  return event !== undefined && event.receivedAtMs >= mark.sinceMs ? event : null;
}

/** Adds a delivery without attempts. It is due at once, unless another delivery holds the turn of its key. */
export function addPending(
  state: State,
  delivery: Pick<Delivery, 'id' | 'destination' | 'eventId' | 'replayOf' | 'orderKey'>,
  atMs: number,
): void {
  const { destination, orderKey } = delivery;
  const isFirst = orderKey === null || holderOf(state, destination, orderKey) === null;
  state.deliveries.set(delivery.id, {
    ...delivery,
    status: 'pending',
    attempts: 0,
    dueAtMs: isFirst ? atMs : NEVER_MS,
    lastError: null,
    createdAtMs: atMs,
    updatedAtMs: atMs,
    turn: orderKey === null ? null : isFirst ? 'holds' : 'waits',
    lease: null,
    place: state.accepted.get(delivery.eventId)! * (MAX_DELIVERIES + 1) + deliveryNumberOf(delivery.id),
  });
  state.attempts.set(delivery.id, []);
}

function duplicateOf(state: State, first: WebhookEvent, again: WebhookEvent): InsertOutcome {
  const conflict = Buffer.compare(first.body, again.body) !== 0;
  return { kind: 'duplicate', event: viewOf(state, first), conflict };
}
