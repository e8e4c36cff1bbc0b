import type { DatabaseSync } from 'node:sqlite';
import type { WebhookEvent } from '../../domain/event.ts';
import { type Addressee, destinationOf, orderKeyOf } from '../../domain/order.ts';
import type { InsertOutcome, ReplayMark } from '../store.ts';
import { deliveryKey } from './delivery-key.ts';
import { prepareEventView, VIEW_COLUMNS, type ViewRow } from './event-view.ts';
import { prepareRows } from './prepare-rows.ts';
import { uuidToBytes } from './uuid-bytes.ts';
import type { Writer } from './verbs.ts';

/** An event as it crosses to the writer thread: its headers as they are stored, in JSON. */
export type PackedEvent = Omit<WebhookEvent, 'headers'> & Readonly<{ headersJson: string }>;

/** One object for all answers: structured clone then sends it once for a batch. */
const INSERTED: InsertOutcome = { kind: 'inserted' };

/** @see InboxStore.insertEvent */
export function prepareInsert(writer: Writer) {
  const { db, counters, maxPendingDeliveries } = writer;
  const insertRow = prepareInsertRow(db);
  const insertDeliveries = prepareInsertDeliveries(writer);
  const findKnown = prepareFindKnown(db);
  const findMarked = prepareFindMarked(db);

  return (
    event: PackedEvent,
    destinations: readonly Addressee[],
    replayMark: ReplayMark | null,
  ): InsertOutcome => {
    if (replayMark !== null) {
      const marked = findMarked(event, replayMark);
      // The key is the first name: the event that it names comes before the one that the mark names.
      if (marked !== null) return findKnown(event) ?? marked;
    }
    if (destinations.length > 0 && counters.pending() + destinations.length > maxPendingDeliveries) {
      return findKnown(event) ?? { kind: 'full' };
    }
    const seq = insertRow(event, replayMark);
    if (seq === null) return findKnown(event)!;
    insertDeliveries(seq, destinations, event.receivedAtMs);
    counters.addEvents(1);
    return INSERTED;
  };
}

/** Inserts the event with its mark. Returns its seq, or null if its key is known. */
function prepareInsertRow(
  db: DatabaseSync,
): (event: PackedEvent, replayMark: ReplayMark | null) => number | null {
  const insertEvent = db.prepare(
    `insert into events (id, source, idempotency_key, event_type, method, url, headers, content_type, body, received_at,
       replay_digest)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (source, idempotency_key) do nothing`,
  );
  const keepMark = db.prepare(
    `insert into replay_marks (digest, source, seq) values (?, ?, ?)
     on conflict (digest, source) do update set seq = excluded.seq`,
  );
  return (event, replayMark) => {
    const { changes, lastInsertRowid } = insertEvent.run(
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
      replayMark === null ? null : replayMark.digest,
    );
    if (changes === 0) return null;
    if (replayMark !== null) keepMark.run(replayMark.digest, event.source, lastInsertRowid);
    return Number(lastInsertRowid);
  };
}

function prepareInsertDeliveries({
  db,
  counters,
  turns,
}: Writer): (seq: number, destinations: readonly Addressee[], atMs: number) => void {
  const insertDelivery = db.prepare(
    `insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at, order_key, turn)
     values (?, ?, 'pending', 0, ?, ?, ?, ?, ?)`,
  );
  return (seq, destinations, atMs) => {
    let key = deliveryKey(seq, 0);
    for (const addressee of destinations) {
      key += 1;
      const destination = destinationOf(addressee);
      const orderKey = orderKeyOf(addressee);
      const { turn, dueAtMs } = turns.takePlace(destination, orderKey, atMs);
      insertDelivery.run(key, destination, dueAtMs, atMs, atMs, orderKey, turn);
      counters.add(destination, 'pending', 1);
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
  const duplicateOf = prepareDuplicate(db);
  return (event) => duplicateOf(find.get(event.source, event.idempotencyKey), event.body);
}

/** Finds the event with the mark, if the mark still holds. */
function prepareFindMarked(db: DatabaseSync): (event: KeyAndBody, mark: ReplayMark) => InsertOutcome | null {
  const find = prepareRows<KnownRow>(
    db,
    `select ${VIEW_COLUMNS}, body from events
     where seq = (select seq from replay_marks where digest = ? and source = ?) and received_at >= ?`,
  );
  const duplicateOf = prepareDuplicate(db);
  return ({ source, body }, { digest, sinceMs }) => duplicateOf(find.get(digest, source, sinceMs), body);
}

/** The answer for a row that was found, or null if none was. */
function prepareDuplicate(
  db: DatabaseSync,
): (row: KnownRow | undefined, again: Uint8Array) => InsertOutcome | null {
  const viewOf = prepareEventView(db);
  return (row, again) => {
    if (row === undefined) return null;
    const conflict = !Buffer.from(again).equals(row.body);
    return { kind: 'duplicate', event: viewOf(row), conflict };
  };
}
