import type { DatabaseSync } from 'node:sqlite';
import { ALERT_SOURCE } from '../../domain/alert.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import { type Addressee, countHeld, destinationOf, isHeldFor, orderKeyOf } from '../../domain/order.ts';
import type { SearchKey } from '../../domain/search-key.ts';
import { joinDigests, keyDigest, keyNumbered, laterKeys, newestKey, numberOfKey } from '../marked-key.ts';
import { toStoredOrigin } from '../rows.ts';
import type { Bound, InsertOutcome, NewEvent, ReplayMark } from '../store.ts';
import { deliveryKey } from './delivery-key.ts';
import { prepareErasedKeys } from './erased-keys.ts';
import { prepareEventView, VIEW_COLUMNS, type ViewRow } from './event-view.ts';
import { prepareRows } from './prepare-rows.ts';
import { uuidToBytes } from './uuid-bytes.ts';
import type { Writer } from './verbs.ts';

/** An event as it crosses to the writer thread: its headers as they are stored, in JSON. */
export type PackedEvent = Omit<WebhookEvent, 'headers'> &
  Readonly<{ headersJson: string; searchKeys: readonly SearchKey[] | null }>;

/** Headers and search keys as they cross; the body stays where it is. */
export function packEvent({ headers, searchKeys = [], ...event }: NewEvent): PackedEvent {
  return {
    ...event,
    headersJson: JSON.stringify(headers),
    searchKeys: searchKeys.length === 0 ? null : searchKeys,
  };
}

/** One object for all answers: structured clone then sends it once for a batch. */
const INSERTED: InsertOutcome = { kind: 'inserted' };

/** @see InboxStore.insertEvent */
export function prepareInsert(writer: Writer) {
  const { db, counters, postings } = writer;
  const insertRow = prepareInsertRow(db);
  const insertDeliveries = prepareInsertDeliveries(writer);
  const insertSearchKeys = prepareInsertSearchKeys(db);
  const findKnown = prepareFindKnown(db);
  const findMarked = prepareFindMarked(db);
  const findNewest = prepareFindNewest(db);
  const findErased = prepareFindErased(writer);
  const nameNext = prepareNextKey(writer);

  /** Finds the event that this one repeats, if it has a mark or a key that is one. */
  const findByMarks = (
    event: PackedEvent,
    replayMark: ReplayMark | null,
    keyMark: ReplayMark | null,
  ): InsertOutcome | null => {
    const known = keyMark === null ? null : findNewest(event, keyMark);
    if (known !== null || replayMark === null) return known;
    const marked = findMarked(event, replayMark);
    // The key is the first name: the event that it names comes before the one that the mark names.
    return marked !== null && keyMark === null ? (findKnown(event) ?? marked) : marked;
  };

  return (
    event: PackedEvent,
    destinations: readonly Addressee[],
    replayMark: ReplayMark | null,
    keySinceMs: number | null,
  ): InsertOutcome => {
    const keyMark =
      keySinceMs === null ? null : { digest: keyDigest(event.idempotencyKey), sinceMs: keySinceMs };
    const repeated = findByMarks(event, replayMark, keyMark) ?? findErased(event, replayMark, keySinceMs);
    if (repeated !== null) return repeated;
    const bound = boundOf(writer, event, destinations);
    if (bound !== null) return (keyMark === null ? findKnown(event) : null) ?? { kind: 'full', bound };
    const idempotencyKey = keyMark === null ? event.idempotencyKey : nameNext(event, keyMark.digest);
    const named = idempotencyKey === event.idempotencyKey ? event : { ...event, idempotencyKey };
    const seq = insertRow(named, replayMark, keyMark);
    if (seq === null) return findKnown(event)!;
    postings.add(seq, event.id, event.source, event.eventType);
    insertDeliveries(seq, destinations, event.receivedAtMs);
    if (event.source === ALERT_SOURCE) writer.room.countAgain();
    if (event.searchKeys !== null) insertSearchKeys(event.id, event.searchKeys);
    counters.addEvents(1);
    return idempotencyKey === event.idempotencyKey ? INSERTED : { kind: 'inserted', idempotencyKey };
  };
}

/** The limit that the event would exceed, or null. An alert exceeds none: it may be about the limit. */
function boundOf(
  writer: Writer,
  { source }: PackedEvent,
  destinations: readonly Addressee[],
): Bound | 'disk' | null {
  if (source === ALERT_SOURCE) return null;
  return writer.disk.isLow ? 'disk' : boundFor(writer, destinations.length, countHeld(destinations));
}

/** The limit that so many deliveries, held ones among them, would exceed, or null. */
export function boundFor(
  { counters, room, maxHeldDeliveries }: Writer,
  more: number,
  held: number,
): Bound | null {
  if (held > 0 && counters.held() + held > maxHeldDeliveries) return 'held';
  const unheld = more - held;
  return unheld > 0 && !room.fits(unheld) ? 'pending' : null;
}

/** Inserts the event with its marks. Returns its seq, or null if its key is known. */
function prepareInsertRow(
  db: DatabaseSync,
): (event: PackedEvent, replayMark: ReplayMark | null, keyMark: ReplayMark | null) => number | null {
  const insert = db.prepare(
    `insert into events (id, source, idempotency_key, event_type, method, url, headers, content_type, body, received_at,
       replay_digest, origin)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (source, idempotency_key) do nothing`,
  );
  const keepMark = db.prepare(
    `insert into replay_marks (digest, source, seq) values (?, ?, ?)
     on conflict (digest, source) do update set seq = excluded.seq`,
  );
  return (event, replayMark, keyMark) => {
    const { changes, lastInsertRowid } = insert.run(
      uuidToBytes(event.id),
      event.source,
      event.idempotencyKey,
      event.eventType,
      event.method,
      event.url,
      event.headersJson,
      event.contentType,
      event.body,
      event.receivedAtMs,
      joinDigests(replayMark?.digest ?? null, keyMark?.digest ?? null),
      toStoredOrigin(event.origin),
    );
    if (changes === 0) return null;
    for (const mark of [replayMark, keyMark]) {
      if (mark !== null) keepMark.run(mark.digest, event.source, lastInsertRowid);
    }
    return Number(lastInsertRowid);
  };
}

/** Finds the key for the next event of a mark: the mark itself, or the key after the newest one. */
function prepareNextKey({
  db,
  erasure,
}: Writer): (event: Pick<WebhookEvent, 'source' | 'idempotencyKey'>, digest: Uint8Array) => string {
  type KeyRow = Readonly<{ idempotency_key: string }>;
  const ofMark = prepareRows<KeyRow>(
    db,
    `select idempotency_key from events where seq = (select seq from replay_marks where digest = ? and source = ?)`,
  );
  const withKey = prepareRows<KeyRow>(
    db,
    'select idempotency_key from events where source = ? and idempotency_key = ?',
  );
  const later = prepareRows<KeyRow>(
    db,
    'select idempotency_key from events where source = ? and idempotency_key > ? and idempotency_key < ?',
  );
  const { lastNumber } = prepareErasedKeys(db);
  return ({ source, idempotencyKey: mark }, digest) => {
    const newest = ofMark.get(digest, source)?.idempotency_key;
    const names = erasure.names();
    const last = Math.max(
      newest === undefined ? 0 : numberOfKey(mark, newest),
      names === null ? 0 : lastNumber(names, source, mark),
    );
    if (last === 0 && withKey.get(source, mark) === undefined) return mark;
    const next = keyNumbered(mark, Math.max(last, 1) + 1);
    if (withKey.get(source, next) === undefined) return next;
    // The newest event was deleted before older ones, which is rare.
    const keys = later.all(source, ...laterKeys(mark)).map((row) => row.idempotency_key);
    return keyNumbered(mark, Math.max(last, numberOfKey(mark, newestKey(mark, keys))) + 1);
  };
}

function prepareInsertSearchKeys(db: DatabaseSync): (eventId: string, keys: readonly SearchKey[]) => void {
  const insert = db.prepare('insert into event_search (name, value, id) values (?, ?, ?)');
  return (eventId, keys) => {
    const id = uuidToBytes(eventId);
    for (const { name, value } of keys) insert.run(name, value, id);
  };
}

function prepareInsertDeliveries({
  db,
  counters,
  turns,
}: Writer): (seq: number, destinations: readonly Addressee[], atMs: number) => void {
  const [insertDelivery, insertHeld] = ['null', '1'].map((held) =>
    db.prepare(
      `insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at, order_key, turn, held)
       values (?, ?, 'pending', 0, ?, ?, ?, ?, ?, ${held})`,
    ),
  );
  return (seq, destinations, atMs) => {
    let key = deliveryKey(seq, 0);
    for (const addressee of destinations) {
      key += 1;
      const destination = destinationOf(addressee);
      const orderKey = orderKeyOf(addressee);
      const { turn, dueAtMs } = turns.takePlace(destination, orderKey, atMs);
      const isHeld = isHeldFor(addressee);
      (isHeld ? insertHeld : insertDelivery)!.run(key, destination, dueAtMs, atMs, atMs, orderKey, turn);
      counters.add(destination, 'pending', 1);
      if (isHeld) counters.addHeld(destination, 1);
    }
  };
}

type KnownRow = ViewRow & Readonly<{ body: Uint8Array }>;
type KeyAndBody = Pick<WebhookEvent, 'source' | 'idempotencyKey' | 'body'>;

/** Finds the event with the key, and compares its body with the new one. */
function prepareFindKnown(db: DatabaseSync): (event: KeyAndBody) => InsertOutcome | null {
  const find = prepareRows<KnownRow>(
    db,
    `select ${VIEW_COLUMNS}, body from events where source = ? and idempotency_key = ?`,
  );
  const duplicateOf = prepareDuplicate(db, 'key');
  return (event) => duplicateOf(find.get(event.source, event.idempotencyKey), event.body);
}

/** Finds the newest event of a key that is a mark, if the mark still holds. */
function prepareFindNewest(db: DatabaseSync): (event: KeyAndBody, mark: ReplayMark) => InsertOutcome | null {
  // An event of an earlier version has the key and no mark.
  const find = prepareRows<KnownRow>(
    db,
    `select ${VIEW_COLUMNS}, body from events
     where seq = coalesce((select seq from replay_marks where digest = ?1 and source = ?2),
         (select seq from events where source = ?2 and idempotency_key = ?3))
       and received_at >= ?4`,
  );
  const duplicateOf = prepareDuplicate(db, 'key');
  return ({ source, idempotencyKey, body }, { digest, sinceMs }) =>
    duplicateOf(find.get(digest, source, idempotencyKey, sinceMs), body);
}

/** Finds the event with the replay mark, if the mark still holds. */
function prepareFindMarked(db: DatabaseSync): (event: KeyAndBody, mark: ReplayMark) => InsertOutcome | null {
  const find = prepareRows<KnownRow>(
    db,
    `select ${VIEW_COLUMNS}, body from events
     where seq = (select seq from replay_marks where digest = ? and source = ?) and received_at >= ?`,
  );
  const duplicateOf = prepareDuplicate(db, 'mark');
  return ({ source, body }, { digest, sinceMs }) => duplicateOf(find.get(digest, source, sinceMs), body);
}

/** Finds the erased event that this one repeats. Nothing can tell whether its body was another. */
function prepareFindErased({
  db,
  erasure,
}: Writer): (
  event: KeyAndBody,
  replayMark: ReplayMark | null,
  keySinceMs: number | null,
) => InsertOutcome | null {
  const { withKey, newestOf, withMark } = prepareErasedKeys(db);
  const viewOf = prepareEventView(db);
  return ({ source, idempotencyKey }, replayMark, keySinceMs) => {
    const names = erasure.names();
    if (names === null) return null;
    const named =
      keySinceMs === null
        ? withKey(names, source, idempotencyKey)
        : newestOf(names, source, idempotencyKey, keySinceMs);
    const row = named ?? (replayMark === null ? undefined : withMark(names, source, replayMark));
    if (row === undefined) return null;
    return { kind: 'duplicate', event: viewOf(row), conflict: false, by: row === named ? 'key' : 'mark' };
  };
}

/** The answer for a row that was found, or null if none was. */
function prepareDuplicate(
  db: DatabaseSync,
  by: 'key' | 'mark',
): (row: KnownRow | undefined, again: Uint8Array) => InsertOutcome | null {
  const viewOf = prepareEventView(db);
  return (row, again) => {
    if (row === undefined) return null;
    const conflict = !Buffer.from(again).equals(row.body);
    return { kind: 'duplicate', event: viewOf(row), conflict, by };
  };
}
