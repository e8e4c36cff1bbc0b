import { type Addressee, countHeld, destinationOf, isHeldFor, orderKeyOf } from '../../domain/order.ts';
import { type HashNames, keyPartsOf } from '../erased-names.ts';
import { keyDigest } from '../marked-key.ts';
import { toStoredOrigin } from '../rows.ts';
import type { Bound, NewEvent, ReplayMark } from '../store.ts';
import { bigints, byteas, integers, texts, uuids } from './binary-arrays.ts';
import type { EventRange, KnownRanges } from './event-ranges.ts';
import { boundedOf } from './exempt.ts';
import { type InsertRow, insertStatement } from './insert-statements.ts';
import type { UnderLocks } from './order-locks.ts';
import { packBodies } from './packed-bodies.ts';

/** An event to insert, with its deliveries. */
export type Insert = Readonly<{
  event: NewEvent;
  destinations: readonly Addressee[];
  replayMark: ReplayMark | null;
  /** Where the key is a mark. The event of an insert that is sent has the key that it is to be stored under. */
  keyMark: ReplayMark | null;
}>;

export type InsertResult = Omit<InsertRow, 'needs_hashes'> &
  Readonly<{
    /** Nothing was inserted, because events may be erased and no hashes were given. */
    needsHashes: boolean;
    /** Nothing was inserted, because the batch as a whole would exceed this limit; null if there was room. */
    noRoomBy: Bound | null;
  }>;

/** How many deliveries may be pending, or null when there is room in any case; and how many may be held. */
export type Limits = Readonly<{ pending: number | null; held: number }>;

/**
 * Inserts the new ones of a batch, all or, when there is no room for all, none.
 */
export async function insertAll(
  underLocks: UnderLocks,
  batch: readonly Insert[],
  limits: Limits,
  names: HashNames | null,
  ranges: KnownRanges,
): Promise<InsertResult> {
  const inKeyOrder = batch.toSorted(byKey);
  const events = inKeyOrder.map(({ event }) => event);
  const deliveries = batch.flatMap(({ event, destinations }) =>
    destinations.map((addressee, index) => ({
      event,
      destination: destinationOf(addressee),
      orderKey: orderKeyOf(addressee),
      number: index + 1,
      isHeld: isHeldFor(addressee),
    })),
  );
  const orderKeys = new Set(deliveries.flatMap(({ orderKey }) => orderKey ?? []));
  const isOrdered = orderKeys.size > 0;
  const isMarked = batch.some(({ replayMark }) => replayMark !== null);
  const isKeyMarked = batch.some(({ keyMark }) => keyMark !== null);
  const isHashed = names !== null;
  const held = heldIn(batch);
  const adds = boundedOf(batch);
  const isSearched = events.some(({ searchKeys = [] }) => searchKeys.length > 0);
  const hasOrigins = events.some(({ origin }) => origin !== 'received');
  const needed = ranges.rangesOf(events);
  const isRanged = needed.rows.length > 0;
  const values = [
    ...columnsOf(events),
    uuids(deliveries.map(({ event }) => event.id)),
    integers(deliveries.map(({ number }) => number)),
    texts(deliveries.map(({ destination }) => destination)),
    bigints(deliveries.map(({ event }) => event.receivedAtMs)),
    limits.pending === null ? 0 : adds.unheld,
    limits.pending,
    ...(isOrdered ? [texts(deliveries.map(({ orderKey }) => orderKey))] : []),
    ...(isMarked ? marksOf(inKeyOrder) : []),
    ...(isKeyMarked ? [byteas(inKeyOrder.map(({ keyMark }) => keyMark?.digest ?? null))] : []),
    ...(isHashed ? hashesOf(names, inKeyOrder) : []),
    ...(held > 0
      ? [integers(deliveries.map(({ isHeld }) => (isHeld ? 1 : null))), adds.held, limits.held]
      : []),
    ...(isSearched ? searchKeysOf(events) : []),
    ...(hasOrigins ? [texts(events.map(({ origin }) => toStoredOrigin(origin)))] : []),
    ...(isRanged ? rangesOf(needed.rows) : []),
  ];
  const kinds = {
    ...{ isMarked, isKeyMarked, isOrdered, isHashed, isHeld: held > 0, isSearched, hasOrigins, isRanged },
  };
  const statement = insertStatement(kinds);
  const [row] = await underLocks(orderKeys)(statement, values);
  const { needs_hashes: needsHashes = false, ...result } = row!;
  if (result.inserted === null || result.inserted.length > 0) needed.committed();
  return { ...result, needsHashes, noRoomBy: needsHashes ? null : boundFor(result, adds, limits) };
}

/** @see InboxStore.insertEvent */
export function toInsert(
  event: NewEvent,
  destinations: readonly Addressee[],
  replayMark: ReplayMark | null = null,
  keySinceMs: number | null = null,
): Insert {
  const keyMark =
    keySinceMs === null ? null : { digest: keyDigest(event.idempotencyKey), sinceMs: keySinceMs };
  return { event, destinations, replayMark, keyMark };
}

/** Deliveries of the batch that are held. */
export function heldIn(batch: readonly Pick<Insert, 'destinations'>[]): number {
  return batch.reduce((sum, { destinations }) => sum + countHeld(destinations), 0);
}

/** The limit that the statement found too low for all of the batch. */
function boundFor(
  before: Pick<InsertRow, 'pending' | 'held'>,
  adds: Readonly<{ held: number; unheld: number }>,
  limits: Limits,
): Bound | null {
  if (adds.held > 0 && before.held! + adds.held > limits.held) return 'held';
  const isFull = limits.pending !== null && (before.pending ?? 0) + adds.unheld > limits.pending;
  return adds.unheld > 0 && isFull ? 'pending' : null;
}

export function deliveriesOf(batch: readonly Insert[]): number {
  return batch.reduce((sum, { destinations }) => sum + destinations.length, 0);
}

function searchKeysOf(events: readonly NewEvent[]): Buffer[] {
  const keys = events.flatMap(({ id, searchKeys = [] }) => searchKeys.map((key) => ({ id, ...key })));
  return [
    uuids(keys.map(({ id }) => id)),
    texts(keys.map(({ name }) => name)),
    texts(keys.map(({ value }) => value)),
  ];
}

function columnsOf(events: readonly NewEvent[]): Buffer[] {
  const bodies = packBodies(events.map(({ body }) => body));
  return [
    uuids(events.map(({ id }) => id)),
    texts(events.map(({ source }) => source)),
    texts(events.map(({ idempotencyKey }) => idempotencyKey)),
    texts(events.map(({ eventType }) => eventType)),
    texts(events.map(({ method }) => method)),
    texts(events.map(({ url }) => url)),
    texts(events.map(({ headers }) => JSON.stringify(headers))),
    texts(events.map(({ contentType }) => contentType)),
    bigints(events.map(({ receivedAtMs }) => receivedAtMs)),
    integers(bodies.starts),
    integers(bodies.lengths),
    bodies.bytes,
  ];
}

function rangesOf(rows: readonly EventRange[]): Buffer[] {
  return [
    bigints(rows.map(({ firstMs }) => firstMs)),
    bigints(rows.map(({ lastMs }) => lastMs)),
    texts(rows.map(({ source }) => source)),
    texts(rows.map(({ eventType }) => eventType)),
  ];
}

function marksOf(batch: readonly Insert[]): Buffer[] {
  return [
    byteas(batch.map(({ replayMark }) => replayMark?.digest ?? null)),
    bigints(batch.map(({ replayMark }) => replayMark?.sinceMs ?? null)),
  ];
}

/** Of each event the hash of its key and its number, and that of its replay mark: see erased-names.ts. */
function hashesOf(names: HashNames, batch: readonly Insert[]): Buffer[] {
  const keys = batch.map(({ event, keyMark }) => keyPartsOf(event.idempotencyKey, keyMark?.digest ?? null));
  return [
    byteas(batch.map(({ event }, at) => names.ofKey(event.source, keys[at]!.name))),
    integers(keys.map(({ number }) => number)),
    byteas(
      batch.map(({ event, replayMark: mark }) =>
        mark === null ? null : names.ofMark(event.source, mark.digest),
      ),
    ),
  ];
}

/** Any order does in which every node takes the keys; of the same key the first stays the first. */
function byKey({ event: a }: Insert, { event: b }: Insert): number {
  if (a.source !== b.source) return a.source < b.source ? -1 : 1;
  if (a.idempotencyKey === b.idempotencyKey) return 0;
  return a.idempotencyKey < b.idempotencyKey ? -1 : 1;
}
