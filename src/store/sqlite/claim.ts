import type { DatabaseSync } from 'node:sqlite';
import type { WebhookEvent } from '../../domain/event.ts';
import { NEVER_MS } from '../../domain/order.ts';
import { type EventRow, toEvent } from '../rows.ts';
import type { ClaimRequest } from '../store.ts';
import { eventSeqOf } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';
import { bytesToUuid } from './uuid-bytes.ts';
import type { Writer } from './verbs.ts';
import { type LeasedRow, type PackedClaim, packLeased } from './wire-leased.ts';

/** Payload bytes after which one claim takes no more, so that a few huge events cannot fill the memory. */
export const MAX_CLAIM_BYTES = 32 * 1024 * 1024;

/** The due deliveries of a destination, the longest due first: an index scan that stops at the limit. */
export const DUE_DELIVERIES_SQL = `
  select key, attempts, order_key, sent_as, held from deliveries
  where destination = ? and status = 'pending' and due_at <= ?
  order by due_at, key limit ?`;

/** When the next delivery is due, left behind by the limit or waiting for its retry; one that waits for a turn never is. */
export const NEXT_DUE_SQL = `
  select due_at from deliveries where destination = ? and status = 'pending' and due_at < ${NEVER_MS}
  order by due_at limit 1`;

export const LEASE_SQL = `
  update deliveries set status = 'processing', lease_token = ?, lease_until = ?, updated_at = ?, held = null
  where key = ?`;

type DueRow = Readonly<{
  key: number;
  attempts: number;
  order_key: string | null;
  sent_as: number | null;
  held: 1 | null;
}>;

/** @see LeaseStore.claim */
export function prepareClaim({ db, counters }: Writer): (request: ClaimRequest) => PackedClaim {
  const findDue = prepareRows<DueRow>(db, DUE_DELIVERIES_SQL);
  const findNext = prepareRows<{ due_at: number }>(db, NEXT_DUE_SQL);
  const lease = db.prepare(LEASE_SQL);
  const findEvent = prepareFindEvent(db, 'seq');
  return ({ limits, token, nowMs, leaseUntilMs }) => {
    const leased: LeasedRow[] = [];
    let nextDueAtMs: number | null = null;
    let bytes = 0;
    for (const { destination, limit } of limits) {
      for (const row of findDue.all(destination, nowMs, limit)) {
        if (bytes >= MAX_CLAIM_BYTES) break;
        const { key, attempts, order_key: orderKey, sent_as: sentAs } = row;
        lease.run(token, leaseUntilMs, nowMs, key);
        counters.move(destination, 'pending', 'processing');
        if (row.held !== null) counters.addHeld(destination, -1);
        const event = findEvent(eventSeqOf(key))!;
        bytes += event.body.length;
        leased.push({ eventId: bytesToUuid(event.id), key, sentAs, orderKey, destination, attempts, event });
      }
      const next = findNext.get(destination);
      if (next !== undefined) nextDueAtMs = Math.min(nextDueAtMs ?? Number.POSITIVE_INFINITY, next.due_at);
    }
    return { leased: packLeased(leased), nextDueAtMs };
  };
}

type FoundEvent = EventRow & Readonly<{ id: Uint8Array }>;

/** Finds an event as it is stored, with its bytes. */
export function prepareFindEvent(
  db: DatabaseSync,
  by: 'seq' | 'id',
): (value: number | Uint8Array) => FoundEvent | undefined {
  const find = prepareRows<FoundEvent>(
    db,
    `select id, source, idempotency_key, event_type, method, url, headers, content_type, body, received_at, origin
     from events where ${by} = ?`,
  );
  return (value) => find.get(value);
}

/** Reads an event with its bytes. */
export function prepareReadEvent(
  db: DatabaseSync,
  by: 'seq' | 'id',
): (value: number | Uint8Array) => WebhookEvent | null {
  const find = prepareFindEvent(db, by);
  return (value) => {
    const row = find(value);
    return row === undefined ? null : toEvent(bytesToUuid(row.id), row);
  };
}
