import {
  ALERT_SOURCE,
  type AlertChange,
  type AlertRules,
  alertChanges,
  type Expectation,
  keyOf,
} from '../domain/alert.ts';
import type { Destination } from '../domain/destination.ts';
import type { Addressee } from '../domain/order.ts';
import type { Emit } from '../events.ts';
import { type Clock, monotonicMs } from '../runtime/clock.ts';
import { type IdGenerator, uuidTimeMs } from '../runtime/ids.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { Store } from '../store/store.ts';
import { type AlertBook, keepAlive, keepBook, readBook, withStates } from './alert-book.ts';
import { conditionsOf, type Heard } from './alert-conditions.ts';
import { alertDestinations, alertEvent } from './alert-event.ts';

/** What is watched, and who is told: of the configuration in effect. */
export type Watched = Readonly<{
  rules: AlertRules | null;
  expected: readonly Readonly<{ source: string; expect: Expectation }>[];
  destinations: readonly Destination[];
  publicUrl: string | null;
}>;

export type AlertWatchParts = Readonly<{
  store: Pick<
    Store,
    | 'tryLead'
    | 'stats'
    | 'readDestinations'
    | 'failureGroups'
    | 'searchSlice'
    | 'insertEvent'
    | 'appendAudit'
    | 'readSourceState'
    | 'replaceSourceState'
  >;
  watched: () => Watched;
  clock: Clock;
  /** A clock that never steps. */
  elapsedMs?: () => number;
  emit: Emit;
  newId: IdGenerator;
  mark: (addressees: readonly Addressee[]) => readonly Addressee[];
  onAccepted: (eventId: string, destinations: readonly string[]) => void;
}>;

const PAUSE_MS = 15_000;
/** Without a look for so long the receiver was down. */
const DOWN_MS = 60_000;
/** Failures are counted for a hundredth of the time at most. */
const FAILURES_SHARE = 100;

/** Looks every 15 seconds, on one node, for what an operator should know of, and sends what has begun and what is over. */
export function createAlertWatch(parts: AlertWatchParts): Service {
  const { store, watched, clock, emit } = parts;
  const goneSinceMs = new Map<string, number>();
  const failuresOf = createFailuresLook(store, parts.elapsedMs ?? monotonicMs);
  const look = async (): Promise<void> => {
    const { rules, expected, destinations } = watched();
    if (rules === null || (await store.tryLead()) === 'follower') return;
    const nowMs = clock.nowMs();
    const { book: kept, aliveMs } = await readBook(store);
    await keepAlive(store, nowMs);
    const isDown = aliveMs !== null && nowMs - aliveMs > DOWN_MS;
    const first: AlertBook = { sinceMs: nowMs, states: [], downtimes: [] };
    const book = isDown
      ? { ...kept!, downtimes: [...kept!.downtimes, [aliveMs, nowMs] as const] }
      : (kept ?? first);
    const facts = {
      nowMs,
      stats: await store.stats(),
      destinations: await store.readDestinations(),
      failures: rules.failures ? await failuresOf() : [],
      heard: await Promise.all(expected.map((one) => hear(store, one, book.sinceMs))),
      downtimes: book.downtimes,
      forAlerts: new Set(destinations.filter(isForAlerts).map(({ name }) => name)),
    };
    const conditions = conditionsOf(facts, rules);
    noteGone(goneSinceMs, book, new Set(conditions.map(keyOf)), nowMs);
    const states = new Map(book.states.map((state) => [keyOf(state), state]));
    const changes = alertChanges(states, conditions, goneSinceMs, nowMs);
    // What has failed before anybody watched is no news.
    const isNews = ({ state }: AlertChange) => kept !== null || state.kind !== 'failures';
    const sent: AlertChange[] = [];
    for (const change of changes)
      if (!isNews(change) || (await send(parts, change, nowMs))) sent.push(change);
    if (kept !== null && !isDown && sent.length === 0) return;
    await keepBook(
      store,
      withStates(
        book,
        sent.map(({ state }) => state),
      ),
      nowMs,
    );
  };
  return createRunLoop(clock, PAUSE_MS, 'at once', async () => {
    try {
      await look();
    } catch (error) {
      emit({ type: 'store.failed', operation: 'alerts', error: error as Error });
    }
  });
}

function isForAlerts({ sources }: Destination): boolean {
  return sources.every((source) => source === ALERT_SOURCE);
}

/** Stores the event of a change. Kept out by a full store, it is sent by a later look. */
async function send(parts: AlertWatchParts, { edge, state }: AlertChange, nowMs: number): Promise<boolean> {
  const { destinations, publicUrl } = parts.watched();
  const names = alertDestinations(destinations, state.destination);
  parts.emit({ type: 'receiver.notice', message: `alert ${edge}: ${state.message}` });
  if (names.length === 0) return true;
  const event = alertEvent(parts.newId(nowMs), state, edge, publicUrl, nowMs);
  const outcome = await parts.store.insertEvent(event, parts.mark(names));
  if (outcome.kind === 'inserted') parts.onAccepted(event.id, names);
  return outcome.kind !== 'full';
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

/** When the source last sent something; if never, since when it is watched. */
async function hear(
  store: Pick<Store, 'searchSlice'>,
  { source, expect }: Watched['expected'][number],
  sinceMs: number,
): Promise<Heard> {
  const filter = [{ field: 'source', values: [source], negated: false }] as const;
  const { hits } = await store.searchSlice({ filter, limit: 1, cursor: null });
  const newest = hits[0]?.event.id;
  return { source, expect, lastAtMs: newest === undefined ? sinceMs : uuidTimeMs(newest) };
}

/** Counts failures as often as that is cheap, and otherwise says what it last found. */
function createFailuresLook(store: Pick<Store, 'failureGroups'>, elapsedMs: () => number) {
  let found: Awaited<ReturnType<Store['failureGroups']>> = [];
  let nextMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const startedMs = elapsedMs();
    if (startedMs < nextMs) return found;
    found = await store.failureGroups(null);
    nextMs = startedMs + FAILURES_SHARE * (elapsedMs() - startedMs);
    return found;
  };
}
