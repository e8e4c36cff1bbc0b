import type { DatabaseSync } from 'node:sqlite';
import { BEFORE_ALL_BLOCKED, readBlockedCursor, toBlockedCursor } from '../blocked-cursor.ts';
import { type BlockedKey, type BlockedPage, type DueDelivery, MAX_WAITING_COUNTED } from '../store.ts';
import type { Counters } from './counters.ts';
import { deliveryIdOfKey, eventSeqOf, KEY_OF_ID, keyParts } from './delivery-key.ts';
import type { Verbs } from './operations.ts';
import { HOLDER_SQL, type Turns } from './turn.ts';
import { bytesToUuid } from './uuid-bytes.ts';

/** The questions of OrderStore, answered synchronously on the reading connection. */
export type OrderQueries = Readonly<{
  listBlocked(limit: number, after: string | null, destination: string | null): BlockedPage;
  turnsAfter(deliveryIds: readonly string[]): DueDelivery[];
}>;

const BLOCKED = `
  select key, destination, order_key, last_error, updated_at from deliveries
  where turn = 'holds' and status = 'failed'`;
export const BLOCKED_SQL = `
  ${BLOCKED} and (destination, order_key) > (?, ?) order by destination, order_key limit ?`;
/** Behind a key, or from the first one on, which may be empty: the last parameter is then null. */
export const BLOCKED_OF_SQL = `
  ${BLOCKED} and destination = ? and order_key >= ? and order_key is not ? order by order_key limit ?`;

const COUNT_WAITING_SQL = `
  select count(*) as waiting from (
    select 1 from deliveries where destination = ? and order_key = ? and turn = 'waits' limit ${MAX_WAITING_COUNTED})`;

/** Who has the turn of the same key as a delivery. */
const TURN_AFTER_SQL = `
  select h.key, h.due_at from deliveries d
  join deliveries h on h.destination = d.destination and h.order_key = d.order_key and h.turn = 'holds'
  where d.key = ${KEY_OF_ID} and h.status = 'pending'`;

type BlockedRow = {
  key: number;
  destination: string;
  order_key: string;
  last_error: string;
  updated_at: number;
};

export function prepareOrderQueries(db: DatabaseSync): OrderQueries {
  const blocked = db.prepare(BLOCKED_SQL);
  const blockedOf = db.prepare(BLOCKED_OF_SQL);
  const countWaiting = db.prepare(COUNT_WAITING_SQL);
  const turnAfter = db.prepare(TURN_AFTER_SQL);
  const idOf = prepareIdOf(db);
  const toBlocked = (row: BlockedRow): BlockedKey => ({
    destination: row.destination,
    orderKey: row.order_key,
    deliveryId: idOf(row.key),
    error: row.last_error,
    sinceMs: row.updated_at,
    waiting: (countWaiting.get(row.destination, row.order_key) as { waiting: number }).waiting,
  });
  return {
    listBlocked(limit, after, destination) {
      const place = readBlockedCursor(after ?? '');
      const [lastDestination, lastKey] = place ?? BEFORE_ALL_BLOCKED;
      const found =
        destination === null
          ? blocked.all(lastDestination, lastKey, limit + 1)
          : blockedOf.all(destination, lastKey, place === null ? null : lastKey, limit + 1);
      const rows = found as unknown as BlockedRow[];
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        keys: page.map(toBlocked),
        next: rows.length > limit ? toBlockedCursor([last!.destination, last!.order_key]) : null,
      };
    },
    turnsAfter(deliveryIds) {
      const due = new Map<number, number>();
      for (const id of deliveryIds) {
        const row = turnAfter.get(...keyParts(id)) as { key: number; due_at: number } | undefined;
        if (row !== undefined) due.set(row.key, row.due_at);
      }
      return [...due].map(([key, dueAtMs]) => ({ deliveryId: idOf(key), dueAtMs }));
    },
  };
}

/** @see OrderStore.releaseKey */
export function prepareReleaseKey(db: DatabaseSync, counters: Counters, turns: Turns): Verbs['releaseKey'] {
  const findHolder = db.prepare(HOLDER_SQL);
  const giveUp = db.prepare('update deliveries set turn = null where key = ?');
  const idOf = prepareIdOf(db);
  return ({ destination, orderKey }) => {
    const holder = findHolder.get(destination, orderKey) as { key: number; status: string } | undefined;
    if (holder?.status !== 'failed') return { kind: 'not_blocked' };
    giveUp.run(holder.key);
    counters.addOrder(destination, 'blocked', -1);
    const next = turns.pass(destination, orderKey);
    return {
      kind: 'released',
      deliveryId: idOf(holder.key),
      next: next === null ? null : { deliveryId: idOf(next.key), dueAtMs: next.due_at },
    };
  };
}

function prepareIdOf(db: DatabaseSync): (key: number) => string {
  const find = db.prepare('select id from events where seq = ?');
  return (key) => deliveryIdOfKey(bytesToUuid((find.get(eventSeqOf(key)) as { id: Uint8Array }).id), key);
}
