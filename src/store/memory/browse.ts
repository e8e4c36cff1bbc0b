import type { Attempt } from '../../domain/attempt.ts';
import type { Delivery } from '../../domain/delivery.ts';
import { deriveEventStatus, type EventView, givenUpOf, type WebhookEvent } from '../../domain/event.ts';
import { fitsDeadLetter } from '../dead-letter-filter.ts';
import type { Verbs } from '../forward.ts';
import { keyDigest } from '../marked-key.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetterPage, Duplicates, Method } from '../store.ts';
import {
  byPlace,
  copyEvent,
  deliveriesOf,
  deliveriesWith,
  keyOf,
  markOf,
  type State,
  type StoredDelivery,
  toDelivery,
} from './state.ts';

/** @see BrowseStore.eventById */
function eventById(state: State, id: string): EventView | null {
  const event = state.events.get(id);
  return event === undefined ? null : viewOf(state, event);
}

/** @see BrowseStore.eventByKey */
function eventByKey(state: State, source: string, idempotencyKey: string): EventView | null {
  const newest = newestOfKey(state, source, idempotencyKey);
  return newest === null ? null : viewOf(state, newest);
}

/** The newest event of the key as a mark, else the event with the key. */
export function newestOfKey(state: State, source: string, idempotencyKey: string): WebhookEvent | null {
  const marked = state.marks.get(markOf(source, keyDigest(idempotencyKey)));
  const id = marked ?? state.eventIds.get(keyOf(source, idempotencyKey));
  return id === undefined ? null : state.events.get(id)!;
}

/** @see BrowseStore.duplicatesOf */
function duplicatesOf(state: State, eventId: string): Duplicates | null {
  return state.duplicates.get(eventId) ?? null;
}

/** @see BrowseStore.hasEvents */
function hasEvents(state: State, source: string): boolean {
  return [...state.events.values()].some((event) => event.source === source);
}

/** @see BrowseStore.readEvent */
function readEvent(state: State, id: string): WebhookEvent | null {
  const event = state.events.get(id);
  return event === undefined || state.erased.has(id) ? null : copyEvent(event);
}

/** @see BrowseStore.deliveriesOf */
function listDeliveriesOf(state: State, eventId: string): readonly Delivery[] {
  return deliveriesOf(state, eventId).map(toDelivery);
}

/** @see BrowseStore.attemptsOf */
function attemptsOf(state: State, deliveryId: string): readonly Attempt[] {
  return (state.attempts.get(deliveryId) ?? []).map((attempt) => ({ ...attempt }));
}

/** @see BrowseStore.listDeadLetters */
function listDeadLetters(
  state: State,
  limit: number,
  before: string | null,
  filter: DeadLetterFilter = {},
): DeadLetterPage {
  const fits = fitsDeadLetter(filter);
  const older = deliveriesWith(state, 'failed')
    .filter(({ place }) => before === null || place < Number(before))
    .filter((delivery) => fits(toDeadLetter(state, delivery)))
    .sort((a, b) => byPlace(b, a));
  const page = older.slice(0, limit);
  const next = older.length > limit ? String(page.at(-1)!.place) : null;
  return { deliveries: page.map((delivery) => toDeadLetter(state, delivery)), next };
}

function toDeadLetter(state: State, delivery: StoredDelivery): DeadLetter {
  const { source, eventType, ...event } = state.events.get(delivery.eventId)!;
  const idempotencyKey = state.erased.has(delivery.eventId) ? null : event.idempotencyKey;
  const erasedAtMs = state.erased.get(delivery.eventId) ?? null;
  return { ...toDelivery(delivery), source, eventType, idempotencyKey, erasedAtMs };
}

/** The event with the state of its deliveries. */
export function viewOf(state: State, event: WebhookEvent): EventView {
  const deliveries = deliveriesOf(state, event.id);
  return {
    id: event.id,
    source: event.source,
    idempotencyKey: state.erased.has(event.id) ? null : event.idempotencyKey,
    origin: event.origin,
    eventType: event.eventType,
    status: deriveEventStatus(deliveries),
    attempts: deliveries.reduce((sum, { attempts }) => sum + attempts, 0),
    receivedAtMs: event.receivedAtMs,
    updatedAtMs: Math.max(event.receivedAtMs, ...deliveries.map(({ updatedAtMs }) => updatedAtMs)),
    erasedAtMs: state.erased.get(event.id) ?? null,
    givenUp: state.erased.has(event.id) ? [] : givenUpOf(deliveries),
  };
}

/** This file's verbs of the port. */
export const browseVerbs = {
  eventById,
  eventByKey,
  hasEvents,
  duplicatesOf,
  readEvent,
  deliveriesOf: listDeliveriesOf,
  attemptsOf,
  listDeadLetters,
} satisfies Partial<Verbs<State, Method>>;
