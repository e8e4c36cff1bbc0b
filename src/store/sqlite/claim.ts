import type { DatabaseSync } from 'node:sqlite';
import type { WebhookEvent } from '../../domain/event.ts';
import { NEVER_MS } from '../../domain/order.ts';
import type { Leased } from '../store.ts';
import type { Counters } from './counters.ts';
import { deliveryIdOfKey, eventSeqOf } from './delivery-key.ts';
import type { Verbs } from './operations.ts';
import { bytesToUuid } from './uuid-bytes.ts';

/** Payload bytes after which one claim takes no more, so that a few huge events cannot fill the memory. */
export const MAX_CLAIM_BYTES = 32 * 1024 * 1024;

/** The due deliveries of a destination, the longest due first: an index scan that stops at the limit. */
export const DUE_DELIVERIES_SQL = `
  select key, attempts, order_key from deliveries
  where destination = ? and status = 'pending' and due_at <= ?
  order by due_at, key limit ?`;

/** When the next one is due, whether left behind by the limit or waiting for its retry; who waits for a turn never is. */
export const NEXT_DUE_SQL = `
  select due_at from deliveries where destination = ? and status = 'pending' and due_at < ${NEVER_MS}
  order by due_at limit 1`;

export const LEASE_SQL = `
  update deliveries set status = 'processing', lease_token = ?, lease_until = ?, updated_at = ? where key = ?`;

/** @see LeaseStore.claim */
export function prepareClaim(db: DatabaseSync, counters: Counters): Verbs['claim'] {
  const findDue = db.prepare(DUE_DELIVERIES_SQL);
  const findNext = db.prepare(NEXT_DUE_SQL);
  const lease = db.prepare(LEASE_SQL);
  const readEvent = prepareReadEvent(db, 'seq');

  return ({ request }) => {
    const { token, nowMs, leaseUntilMs } = request;
    const leased: Leased[] = [];
    let nextDueAtMs: number | null = null;
    let bytes = 0;
    for (const { destination, limit } of request.limits) {
      for (const row of findDue.all(destination, nowMs, limit)) {
        if (bytes >= MAX_CLAIM_BYTES) break;
        const { key, attempts, order_key: orderKey } = row as DueRow;
        lease.run(token, leaseUntilMs, nowMs, key);
        counters.move(destination, 'pending', 'processing');
        const event = readEvent(eventSeqOf(key))!;
        bytes += event.body.length;
        leased.push({
          lease: { deliveryId: deliveryIdOfKey(event.id, key), token, untilMs: leaseUntilMs, orderKey },
          destination,
          attempts,
          event,
        });
      }
      const next = findNext.get(destination) as { due_at: number } | undefined;
      if (next !== undefined) nextDueAtMs = Math.min(nextDueAtMs ?? Number.POSITIVE_INFINITY, next.due_at);
    }
    return { leased, nextDueAtMs };
  };
}

type DueRow = { key: number; attempts: number; order_key: string | null };

type EventRow = {
  id: Uint8Array;
  source: string;
  idempotency_key: string;
  event_type: string;
  method: string;
  url: string;
  headers: string;
  content_type: string;
  body: Uint8Array;
  received_at: number;
};

/** Reads an event with its bytes. */
export function prepareReadEvent(
  db: DatabaseSync,
  by: 'seq' | 'id',
): (value: number | Uint8Array) => WebhookEvent | null {
  const find = db.prepare(
    `select id, source, idempotency_key, event_type, method, url, headers, content_type, body, received_at
     from events where ${by} = ?`,
  );
  return (value) => {
    const row = find.get(value) as EventRow | undefined;
    if (row === undefined) return null;
    return {
      id: bytesToUuid(row.id),
      source: row.source,
      idempotencyKey: row.idempotency_key,
      eventType: row.event_type,
      method: row.method,
      url: row.url,
      headers: JSON.parse(row.headers) as string[],
      contentType: row.content_type,
      body: row.body,
      receivedAtMs: row.received_at,
    };
  };
}
