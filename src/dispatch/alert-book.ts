import { ALERT_SOURCE, type AlertState, alertIdOf, keyOf } from '../domain/alert.ts';
import type { AuditEntry } from '../domain/audit.ts';
import type { SourceStateStore } from '../store/store.ts';
import type { Downtime } from './alert-conditions.ts';

/** What the watch remembers: the alerts that are on or were lately, and since when it watches. */
export type AlertBook = Readonly<{
  sinceMs: number;
  states: readonly AlertState[];
  downtimes: readonly Downtime[];
  /** The highest number of the alerts that are kept no more: a new one gets a higher number, or its key would be known. */
  lastNumber: number;
}>;

export function newBook(nowMs: number): AlertBook {
  return { sinceMs: nowMs, states: [], downtimes: [], lastNumber: 0 };
}

type BookStore = Pick<SourceStateStore, 'readSourceState' | 'replaceSourceState'>;

/** Alerts that are kept: those that are on, then the newest that are over. */
const MAX_KEPT = 500;
const MAX_DOWNTIMES = 50;
const BOOK = 'book';
const ALIVE = 'alive';
const ACKS = 'acks';

/** Who takes care of which alert, by its id. Kept apart from the book, so that no look writes over it. */
export type Acks = Readonly<Record<string, string>>;

/** @returns null before the first look, and when the watch was last alive */
export async function readBook(
  store: BookStore,
): Promise<Readonly<{ book: AlertBook | null; aliveMs: number | null; acks: Acks }>> {
  const found = new Map((await store.readSourceState(ALERT_SOURCE)).map(({ name, value }) => [name, value]));
  const [book, alive, acks] = [found.get(BOOK), found.get(ALIVE), found.get(ACKS)];
  return {
    book: book === undefined ? null : { ...newBook(0), ...(JSON.parse(book) as AlertBook) },
    aliveMs: alive === undefined ? null : Number(alive),
    acks: acks === undefined ? {} : (JSON.parse(acks) as Acks),
  };
}

export async function keepBook(store: BookStore, book: AlertBook, nowMs: number): Promise<void> {
  const ofAge = (a: AlertState, b: AlertState) =>
    Number(b.isOn) - Number(a.isOn) || (b.overAtMs ?? 0) - (a.overAtMs ?? 0);
  const states = book.states.toSorted(ofAge);
  const dropped = states.splice(MAX_KEPT);
  const lastNumber = Math.max(book.lastNumber, ...dropped.map(({ number }) => number));
  const downtimes = book.downtimes.slice(-MAX_DOWNTIMES);
  const kept: AlertBook = { ...book, states, downtimes, lastNumber };
  await store.replaceSourceState(ALERT_SOURCE, BOOK, JSON.stringify(kept), nowMs);
}

export async function keepAlive(store: BookStore, nowMs: number): Promise<void> {
  await store.replaceSourceState(ALERT_SOURCE, ALIVE, String(nowMs), nowMs);
}

/** Keeps who takes care of what, with the row of the audit in the same transaction; alerts that are kept no more are left out. */
export async function keepAcks(
  store: BookStore,
  { states }: AlertBook,
  acks: Acks,
  audit: AuditEntry,
  nowMs: number,
): Promise<void> {
  const ids = new Set(states.map(alertIdOf));
  const kept = Object.fromEntries(Object.entries(acks).filter(([id]) => ids.has(id)));
  await store.replaceSourceState(ALERT_SOURCE, ACKS, JSON.stringify(kept), nowMs, audit);
}

/** The book with one more time of being down, if there was one. */
export function withDowntime(book: AlertBook, downtime: Downtime | null): AlertBook {
  return downtime === null ? book : { ...book, downtimes: [...book.downtimes, downtime] };
}

/** The book with these states in the places of those of the same keys. */
export function withStates(book: AlertBook, changed: readonly AlertState[]): AlertBook {
  const states = new Map([...book.states, ...changed].map((state) => [keyOf(state), state]));
  return { ...book, states: [...states.values()] };
}
