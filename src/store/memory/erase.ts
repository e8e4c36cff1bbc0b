import type { AuditEntry } from '../../domain/audit.ts';
import type { Delivery } from '../../domain/delivery.ts';
import { keyPartsOf } from '../erased-names.ts';
import type { Verbs } from '../forward.ts';
import { keyDigest } from '../marked-key.ts';
import type { Erasable, ErasablePage, EraseOutcome, EraseState, Method, TracesOutcome } from '../store.ts';
import { appendAudit } from './audit.ts';
import { passTurn } from './order.ts';
import { deliveriesOf, isOpen, markOf, type State } from './state.ts';

/** @see EraseStore.erase. The model keeps an erased event's key, and shows it to nobody. */
export function erase(state: State, ids: readonly string[], nowMs: number, audit: AuditEntry): EraseOutcome {
  const due: Pick<Delivery, 'id' | 'destination'>[] = [];
  const states = ids.map((id) => {
    const found = stateOf(state, id);
    if (found === 'erased') {
      due.push(...eraseOne(state, id, nowMs));
      appendAudit(state, { ...audit, target: id });
    }
    return found;
  });
  return { states, due };
}

function eraseOne(state: State, id: string, nowMs: number): EraseOutcome['due'] {
  state.erased.set(id, nowMs);
  state.searchKeys.delete(id);
  const event = state.events.get(id)!;
  state.events.set(id, { ...event, url: '', headers: [], contentType: '', body: new Uint8Array() });
  return deliveriesOf(state, id).flatMap((delivery) => {
    const { destination, orderKey, turn } = delivery;
    state.deliveries.set(delivery.id, {
      ...delivery,
      lastError: null,
      failureGroup: null,
      orderKey: null,
      turn: null,
    });
    const attempts = state.attempts.get(delivery.id) ?? [];
    state.attempts.set(
      delivery.id,
      attempts.map((attempt) => ({ ...attempt, error: null, responseExcerpt: null })),
    );
    if (turn === null || orderKey === null) return [];
    const next = passTurn(state, destination, orderKey);
    return next === null ? [] : { id: next.deliveryId, destination };
  });
}

/** What an erase does to the event. */
function stateOf(state: State, id: string): EraseState {
  if (!state.events.has(id)) return 'unknown';
  if (state.erased.has(id)) return 'erased_before';
  return deliveriesOf(state, id).some(isOpen) ? 'open' : 'erased';
}

/** @see EraseStore.erasableById */
function erasableById(state: State, ids: readonly string[]): readonly Erasable[] {
  return ids.map((id) => ({ id, state: stateOf(state, id) }));
}

/** @see EraseStore.erasableByKey */
function erasableByKey(state: State, source: string, key: string): readonly Erasable[] {
  const isMark = state.marks.has(markOf(source, keyDigest(key)));
  const found = [...state.events.values()].filter((event) => {
    if (event.source !== source) return false;
    const { name } = keyPartsOf(event.idempotencyKey, isMark ? keyDigest(key) : null);
    return event.idempotencyKey === key || name === key;
  });
  return erasableById(
    state,
    found.map(({ id }) => id),
  );
}

/** @see EraseStore.erasableBetween */
function erasableBetween(
  state: State,
  source: string,
  sinceMs: number,
  untilMs: number,
  limit: number,
  after: string | null,
): ErasablePage {
  const rest = [...state.events.values()]
    .filter(({ id, receivedAtMs }) => (after === null ? receivedAtMs >= sinceMs : id > after))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const looked = rest.slice(0, limit);
  const found = looked.filter(
    (event) => event.source === source && event.receivedAtMs >= sinceMs && event.receivedAtMs < untilMs,
  );
  return {
    events: found.map(({ id }) => ({ id, state: stateOf(state, id) })),
    next: looked.length < limit ? null : looked.at(-1)!.id,
  };
}

/** @see EraseStore.removeTraces */
function removeTraces(): TracesOutcome {
  return { kind: 'removed' };
}

/** This file's verbs of the port. */
export const eraseVerbs = {
  erase,
  erasableById,
  erasableByKey,
  erasableBetween,
  removeTraces,
} satisfies Partial<Verbs<State, Method>>;
