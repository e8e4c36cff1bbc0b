import type { DatabaseSync } from 'node:sqlite';
import type { WebhookEvent } from '../../domain/event.ts';
import { destinationOf, orderKeyOf } from '../../domain/order.ts';
import type { InsertOutcome, ReplayMark } from '../store.ts';
import type { Counters } from './counters.ts';
import { deliveryKey } from './delivery-key.ts';
import { prepareEventView, VIEW_COLUMNS } from './event-view.ts';
import type { Verbs } from './operations.ts';
import type { Turns } from './turn.ts';
import { uuidToBytes } from './uuid-bytes.ts';

/** One object for all: a batch of answers then crosses the threads as references to it. */
const INSERTED: InsertOutcome = { kind: 'inserted' };

/** @see InboxStore.insertEvent */
export function prepareInsert(
  db: DatabaseSync,
  counters: Counters,
  turns: Turns,
  maxPending: number,
): Verbs['insert'] {
  const insertEvent = db.prepare(
    `insert into events (id, source, idempotency_key, event_type, method, url, headers, content_type, body, received_at,
       replay_digest)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (source, idempotency_key) do nothing`,
  );
  const insertDelivery = db.prepare(
    `insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at, order_key, turn)
     values (?, ?, 'pending', 0, ?, ?, ?, ?, ?)`,
  );
  const keepMark = db.prepare(
    `insert into replay_marks (digest, source, seq) values (?, ?, ?)
     on conflict (digest, source) do update set seq = excluded.seq`,
  );
  const findKnown = prepareFindKnown(db);
  const findMarked = prepareFindMarked(db);

  return ({ event, headersJson, destinations, replayMark }) => {
    if (replayMark !== null) {
      const marked = findMarked(event, replayMark);
      // The key is the first name: whom it names comes before whom the mark names.
      if (marked !== null) return findKnown(event) ?? marked;
    }
    if (destinations.length > 0 && counters.pending() + destinations.length > maxPending) {
      return findKnown(event) ?? { kind: 'full' };
    }
    const { changes, lastInsertRowid } = insertEvent.run(
      uuidToBytes(event.id),
      event.source,
      event.idempotencyKey,
      event.eventType,
      event.method,
      event.url,
      headersJson,
      event.contentType,
      event.body,
      event.receivedAtMs,
      replayMark === null ? null : replayMark.digest,
    );
    if (changes === 0) return findKnown(event)!;
    if (replayMark !== null) keepMark.run(replayMark.digest, event.source, lastInsertRowid);
    const at = event.receivedAtMs;
    let key = deliveryKey(lastInsertRowid as number, 0);
    for (const addressee of destinations) {
      key += 1;
      const destination = destinationOf(addressee);
      const orderKey = orderKeyOf(addressee);
      const { turn, dueAtMs } = turns.takePlace(destination, orderKey, at);
      insertDelivery.run(key, destination, dueAtMs, at, at, orderKey, turn);
      counters.add(destination, 'pending', 1);
    }
    counters.addEvents(1);
    return INSERTED;
  };
}

type KeyAndBody = Pick<WebhookEvent, 'source' | 'idempotencyKey' | 'body'>;

/** Looks a key up and compares the bytes with those that came first. */
function prepareFindKnown(db: DatabaseSync): (event: KeyAndBody) => InsertOutcome | null {
  const find = db.prepare(
    `select ${VIEW_COLUMNS}, body from events where source = ? and idempotency_key = ?`,
  );
  const duplicateOf = prepareDuplicate(db);
  return (event) => duplicateOf(find.get(event.source, event.idempotencyKey), event.body);
}

/** Looks a mark up: the event that has it, if the mark still holds. */
function prepareFindMarked(db: DatabaseSync): (event: KeyAndBody, mark: ReplayMark) => InsertOutcome | null {
  const find = db.prepare(
    `select ${VIEW_COLUMNS}, body from events
     where seq = (select seq from replay_marks where digest = ? and source = ?) and received_at >= ?`,
  );
  const duplicateOf = prepareDuplicate(db);
  return ({ source, body }, { digest, sinceMs }) => duplicateOf(find.get(digest, source, sinceMs), body);
}

/** Makes the answer of a row that was found, its bytes compared with those that came again. */
function prepareDuplicate(db: DatabaseSync): (row: unknown, again: Uint8Array) => InsertOutcome | null {
  const viewOf = prepareEventView(db);
  return (row, again) => {
    if (row === undefined) return null;
    const conflict = !Buffer.from(again).equals((row as { body: Uint8Array }).body);
    return { kind: 'duplicate', event: viewOf(row), conflict };
  };
}
