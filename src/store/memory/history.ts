import { deliveryIdOf, MAX_DELIVERIES } from '../../domain/delivery.ts';
import type { Verbs } from '../forward.ts';
import type { EventHistory, Method, PastDelivery } from '../store.ts';
import type { State } from './state.ts';

/** @see HistoryStore */
function addHistory(state: State, histories: readonly EventHistory[]): void {
  for (const { eventId, deliveries, duplicates } of histories) {
    if (!state.events.has(eventId) || state.erased.has(eventId)) continue;
    // An event's own deliveries are numbered from 1.
    const numbers = [1, ...deliveries.map(({ number }) => number)];
    if (numbers.some((number) => state.deliveries.has(deliveryIdOf(eventId, number)))) continue;
    for (const past of deliveries) addDelivery(state, eventId, past);
    if (duplicates !== null && !state.duplicates.has(eventId)) state.duplicates.set(eventId, duplicates);
  }
}

function addDelivery(state: State, eventId: string, { number, tries, ...past }: PastDelivery): void {
  const idOf = (other: number | null) => (other === null ? null : deliveryIdOf(eventId, other));
  const id = deliveryIdOf(eventId, number);
  state.deliveries.set(id, {
    ...past,
    ...{ id, eventId, turn: null, lease: null, isHeld: false },
    place: state.accepted.get(eventId)! * (MAX_DELIVERIES + 1) + number,
    replayOf: idOf(past.replayOf),
    replayedBy: idOf(past.replayedBy),
    sentAs: idOf(past.sentAs) ?? id,
  });
  state.attempts.set(id, tries);
}

/** This file's verbs of the port. */
export const historyVerbs = { addHistory } satisfies Partial<Verbs<State, Method>>;
