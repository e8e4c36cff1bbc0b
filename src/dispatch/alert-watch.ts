import { type AlertChange, type AlertKind, type AlertState, alertChanges, keyOf } from '../domain/alert.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import {
  type AlertBook,
  keepAlive,
  keepBook,
  newBook,
  readBook,
  withDowntime,
  withStates,
} from './alert-book.ts';
import { conditionsOf } from './alert-conditions.ts';
import { alertDestinations, alertEvent } from './alert-event.ts';
import { createFacts } from './alert-facts.ts';
import type { AlertWatchParts } from './alert-parts.ts';

const PAUSE_MS = 15_000;
/** Without a look for so long the receiver was down. */
const DOWN_MS = 60_000;

/** Looks every 15 seconds, on one node, for what an operator should know of, and sends what has begun and what is over. */
export function createAlertWatch(parts: AlertWatchParts): Service {
  const { store, watched, clock, emit } = parts;
  const goneSinceMs = new Map<string, number>();
  const readFacts = createFacts(parts);
  const look = async (): Promise<void> => {
    const now = watched();
    const { rules } = now;
    if (rules === null || (await store.tryLead()) === 'follower') {
      emit({ type: 'alerts.looked', active: NONE });
      return;
    }
    const nowMs = clock.nowMs();
    const { book: kept, aliveMs } = await readBook(store);
    const isDown = aliveMs !== null && nowMs - aliveMs > DOWN_MS;
    const book = withDowntime(kept ?? newBook(nowMs), isDown ? [aliveMs, nowMs] : null);
    const conditions = conditionsOf(await readFacts(book, now, nowMs), rules);
    noteGone(goneSinceMs, book, new Set(conditions.map(keyOf)), nowMs);
    const changes = alertChanges(book, conditions, goneSinceMs, nowMs);
    // What has failed before anybody watched is no news.
    const isNews = ({ state }: AlertChange) => kept !== null || state.kind !== 'failures';
    const sent: AlertState[] = [];
    for (const change of changes)
      if (!isNews(change) || (await send(parts, change, nowMs))) sent.push(change.state);
    const next = withStates(book, sent);
    if (kept === null || isDown || sent.length > 0) await keepBook(store, next, nowMs);
    // Last: a look that failed or was killed has seen nothing, and the time of being down is not forgotten.
    await keepAlive(store, nowMs);
    emit({ type: 'alerts.looked', active: countActive(next) });
  };
  return createRunLoop(clock, PAUSE_MS, 'at once', async () => {
    try {
      await look();
    } catch (error) {
      emit({ type: 'store.failed', operation: 'alerts', error: error as Error });
    }
  });
}

const NONE: ReadonlyMap<AlertKind, number> = new Map();

function countActive({ states }: AlertBook): ReadonlyMap<AlertKind, number> {
  const groups = Map.groupBy(
    states.filter(({ isOn }) => isOn),
    ({ kind }) => kind,
  );
  return new Map([...groups].map(([kind, { length }]) => [kind, length]));
}

/** Stores the event of a change. Kept out by a full store, it is sent by a later look. */
async function send(parts: AlertWatchParts, { edge, state }: AlertChange, nowMs: number): Promise<boolean> {
  const { destinations, publicUrl } = parts.watched();
  const names = alertDestinations(destinations, state.destination);
  const event = alertEvent(parts.newId(nowMs), state, edge, publicUrl, nowMs);
  const outcome = names.length === 0 ? null : await parts.store.insertEvent(event, parts.mark(names));
  if (outcome?.kind === 'full') return false;
  // Another node was first.
  if (outcome?.kind === 'duplicate') return true;
  if (outcome !== null) parts.onAccepted(event.id, names);
  const { kind, subject, message } = state;
  parts.emit({ type: 'alert.changed', kind, subject, edge, message, destinations: names.length });
  return true;
}

function noteGone(
  goneSinceMs: Map<string, number>,
  { states }: AlertBook,
  holding: ReadonlySet<string>,
  nowMs: number,
): void {
  for (const state of states) {
    const key = keyOf(state);
    if (!state.isOn || holding.has(key)) goneSinceMs.delete(key);
    else if (!goneSinceMs.has(key)) goneSinceMs.set(key, nowMs);
  }
}
