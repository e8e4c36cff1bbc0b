import type { DatabaseSync } from 'node:sqlite';
import type { WebhookEvent } from '../../domain/event.ts';
import type { InsertOutcome } from '../store.ts';
import type { Counters } from './counters.ts';
import { deliveryKey } from './delivery-key.ts';
import { prepareEventView, VIEW_COLUMNS } from './event-view.ts';
import type { Verbs } from './operations.ts';
import { uuidToBytes } from './uuid-bytes.ts';

/** One object for all: a batch of answers then crosses the threads as references to it. */
const INSERTED: InsertOutcome = { kind: 'inserted' };

/** @see InboxStore.insertEvent */
export function prepareInsert(db: DatabaseSync, counters: Counters, maxPending: number): Verbs['insert'] {
  const insertEvent = db.prepare(
    `insert into events (id, source, idempotency_key, event_type, method, url, headers, content_type, body, received_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (source, idempotency_key) do nothing`,
  );
  const insertDelivery = db.prepare(
    `insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at)
     values (?, ?, 'pending', 0, ?, ?, ?)`,
  );
  const findKnown = prepareFindKnown(db);

  return ({ event, headersJson, destinations }) => {
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
    );
    if (changes === 0) return findKnown(event)!;
    const at = event.receivedAtMs;
    let key = deliveryKey(lastInsertRowid as number, 0);
    for (const destination of destinations) {
      key += 1;
      insertDelivery.run(key, destination, at, at, at);
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
  const viewOf = prepareEventView(db);
  return (event) => {
    const row = find.get(event.source, event.idempotencyKey);
    if (row === undefined) return null;
    const conflict = !Buffer.from(event.body).equals(row.body as Uint8Array);
    return { kind: 'duplicate', event: viewOf(row), conflict };
  };
}
