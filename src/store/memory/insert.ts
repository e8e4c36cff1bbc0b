import { ALERT_SOURCE } from '../../domain/alert.ts';
import { type Delivery, deliveryIdOf, deliveryNumberOf, MAX_DELIVERIES } from '../../domain/delivery.ts';
import { StoreError } from '../../domain/errors.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import {
  type Addressee,
  countHeld,
  destinationOf,
  isHeldFor,
  NEVER_MS,
  orderKeyOf,
} from '../../domain/order.ts';
import { keyAfter, keyDigest, newestKey } from '../marked-key.ts';
import type { DuplicateNote, InsertOutcome, NewEvent, ReplayMark } from '../store.ts';
import { newestOfKey, viewOf } from './browse.ts';
import { boundFor, copyEvent, holderOf, keyOf, markOf, type State } from './state.ts';

/** @see InboxStore.insertEvent */
export function insert(
  state: State,
  event: NewEvent,
  destinations: readonly Addressee[],
  mark: ReplayMark | null = null,
  keySinceMs: number | null = null,
): InsertOutcome {
  // Before the limit: a provider that resends learns that the event is stored, however full the store is.
  const known = findKnown(state, event, keySinceMs);
  if (known !== null) return duplicateOf(state, known, event, 'key');
  const marked = findMarked(state, event.source, mark);
  if (marked !== null) return duplicateOf(state, marked, event, 'mark');
  const isAlert = event.source === ALERT_SOURCE;
  const bound = isAlert ? null : boundFor(state, destinations.length, countHeld(destinations));
  if (bound !== null) return { kind: 'full', bound };
  // Ids are unique; an id that comes twice is a caller's mistake and must not overwrite a row.
  if (state.events.has(event.id)) throw new StoreError('STORE_INTERNAL', `the event id ${event.id} is taken`);
  const idempotencyKey = keySinceMs === null ? event.idempotencyKey : freeKey(state, event);
  const { searchKeys = [], ...bare } = event;
  state.events.set(event.id, { ...copyEvent(bare), idempotencyKey });
  state.searchKeys.set(event.id, searchKeys);
  state.accepted.set(event.id, state.accepted.size);
  state.eventIds.set(keyOf(event.source, idempotencyKey), event.id);
  if (mark !== null) state.marks.set(markOf(event.source, mark.digest), event.id);
  if (keySinceMs !== null) state.marks.set(markOf(event.source, keyDigest(event.idempotencyKey)), event.id);
  destinations.forEach((addressee, index) => {
    const id = deliveryIdOf(event.id, index + 1);
    const destination = destinationOf(addressee);
    const orderKey = orderKeyOf(addressee);
    const names = { id, destination, eventId: event.id, orderKey, replayOf: null, sentAs: id };
    addPending(state, names, event.receivedAtMs, isHeldFor(addressee));
  });
  return idempotencyKey === event.idempotencyKey
    ? { kind: 'inserted' }
    : { kind: 'inserted', idempotencyKey };
}

/** The event with the key; of a key that is a mark the newest event, while the mark holds. */
function findKnown(state: State, event: WebhookEvent, keySinceMs: number | null): WebhookEvent | null {
  const { source, idempotencyKey } = event;
  if (keySinceMs === null)
    return state.events.get(state.eventIds.get(keyOf(source, idempotencyKey)) ?? '') ?? null;
  const newest = newestOfKey(state, source, idempotencyKey);
  return newest !== null && newest.receivedAtMs >= keySinceMs ? newest : null;
}

/** The key, or the one after the newest that the mark has given. */
function freeKey(state: State, { source, idempotencyKey: mark }: WebhookEvent): string {
  if (!state.eventIds.has(keyOf(source, mark)) && newestOfKey(state, source, mark) === null) return mark;
  const keys = [...state.events.values()].filter((event) => event.source === source);
  return keyAfter(
    mark,
    newestKey(
      mark,
      keys.map((event) => event.idempotencyKey),
    ),
  );
}

/** @see InboxStore.noteDuplicates */
export function noteDuplicates(state: State, notes: readonly DuplicateNote[]): void {
  for (const { eventId, count, lastAtMs, differed } of notes) {
    if (!state.events.has(eventId) || state.erased.has(eventId)) continue;
    const before = state.duplicates.get(eventId) ?? { count: 0, lastAtMs, differed: false };
    state.duplicates.set(eventId, {
      count: before.count + count,
      lastAtMs: Math.max(before.lastAtMs, lastAtMs),
      differed: before.differed || differed,
    });
  }
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
  delivery: Pick<Delivery, 'id' | 'destination' | 'eventId' | 'replayOf' | 'sentAs' | 'orderKey'>,
  atMs: number,
  isHeld = false,
): void {
  const { destination, orderKey } = delivery;
  const isFirst = orderKey === null || holderOf(state, destination, orderKey) === null;
  state.deliveries.set(delivery.id, {
    ...delivery,
    status: 'pending',
    attempts: 0,
    dueAtMs: isFirst ? atMs : NEVER_MS,
    lastError: null,
    replayedBy: null,
    failureGroup: null,
    createdAtMs: atMs,
    updatedAtMs: atMs,
    turn: orderKey === null ? null : isFirst ? 'holds' : 'waits',
    lease: null,
    isHeld,
    place: state.accepted.get(delivery.eventId)! * (MAX_DELIVERIES + 1) + deliveryNumberOf(delivery.id),
  });
  state.attempts.set(delivery.id, []);
}

function duplicateOf(
  state: State,
  first: WebhookEvent,
  again: WebhookEvent,
  by: 'key' | 'mark',
): InsertOutcome {
  const conflict = !state.erased.has(first.id) && Buffer.compare(first.body, again.body) !== 0;
  return { kind: 'duplicate', event: viewOf(state, first), conflict, by };
}
