import type { DeliveryStatus } from '../../domain/delivery.ts';
import { releasedEntry } from '../audit-released.ts';
import { BEFORE_ALL_BLOCKED, readBlockedCursor, toBlockedCursor } from '../blocked-cursor.ts';
import { type BlockedRow, pageOf, toBlockedKey } from '../rows.ts';
import { MAX_WAITING_COUNTED } from '../store.ts';
import { KEY_OF_ID, keyParts, prepareIdOfKey } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';
import { HOLDER_SQL } from './turn.ts';
import type { Reads, Writes } from './verbs.ts';

const BLOCKED = `
  select key, destination, order_key, last_error, updated_at from deliveries
  where turn = 'holds' and status = 'failed'`;
const BLOCKED_ALL_SQL = `
  ${BLOCKED} and (destination, order_key) > (?, ?) order by destination, order_key limit ?`;
/** Keys behind the cursor's. From the beginning the last parameter is null, since the first key may be empty. */
const BLOCKED_OF_SQL = `
  ${BLOCKED} and destination = ? and order_key >= ? and order_key is not ? order by order_key limit ?`;

const COUNT_WAITING_SQL = `
  select count(*) as waiting from (
    select 1 from deliveries where destination = ? and order_key = ? and turn = 'waits' limit ${MAX_WAITING_COUNTED})`;

/** The pending delivery that holds the turn of the same key. */
const TURN_AFTER_SQL = `
  select h.key, h.due_at from deliveries d
  join deliveries h on h.destination = d.destination and h.order_key = d.order_key and h.turn = 'holds'
  where d.key = ${KEY_OF_ID} and h.status = 'pending'`;

type ListedKey = BlockedRow & Readonly<{ key: number }>;

/** The reads of OrderStore. */
export const orderReads: Reads<'listBlocked' | 'turnsAfter'> = {
  listBlocked(db) {
    const blocked = prepareRows<ListedKey>(db, BLOCKED_ALL_SQL);
    const blockedOf = prepareRows<ListedKey>(db, BLOCKED_OF_SQL);
    const countWaiting = prepareRows<{ waiting: number }>(db, COUNT_WAITING_SQL);
    const idOf = prepareIdOfKey(db);
    return (limit, after, destination) => {
      const place = readBlockedCursor(after ?? '');
      const [lastDestination, lastKey] = place ?? BEFORE_ALL_BLOCKED;
      const found =
        destination === null
          ? blocked.all(lastDestination, lastKey, limit + 1)
          : blockedOf.all(destination, lastKey, place === null ? null : lastKey, limit + 1);
      const { rows, next } = pageOf(found, limit, (row) => toBlockedCursor([row.destination, row.order_key]));
      const keys = rows.map((row) => {
        const { waiting } = countWaiting.get(row.destination, row.order_key)!;
        return toBlockedKey(idOf(row.key), row, waiting);
      });
      return { keys, next };
    };
  },
  turnsAfter(db) {
    const turnAfter = prepareRows<{ key: number; due_at: number }>(db, TURN_AFTER_SQL);
    const idOf = prepareIdOfKey(db);
    return (deliveryIds) => {
      const due = new Map<number, number>();
      for (const id of deliveryIds) {
        const row = turnAfter.get(...keyParts(id));
        if (row !== undefined) due.set(row.key, row.due_at);
      }
      return [...due].map(([key, dueAtMs]) => ({ deliveryId: idOf(key), dueAtMs }));
    };
  },
};

/** @see OrderStore.releaseKey */
export const orderWrites: Writes<'releaseKey'> = {
  releaseKey({ db, counters, turns, audit }) {
    const findHolder = prepareRows<{ key: number; status: DeliveryStatus }>(db, HOLDER_SQL);
    const giveUp = db.prepare('update deliveries set turn = null where key = ?');
    const idOf = prepareIdOfKey(db);
    return (destination, orderKey, entry) => {
      const holder = findHolder.get(destination, orderKey);
      if (holder?.status !== 'failed') return { kind: 'not_blocked' };
      giveUp.run(holder.key);
      counters.addOrder(destination, 'blocked', -1);
      const next = turns.pass(destination, orderKey);
      const released = {
        kind: 'released' as const,
        deliveryId: idOf(holder.key),
        next: next === null ? null : { deliveryId: idOf(next.key), dueAtMs: next.due_at },
      };
      audit.append(releasedEntry(entry, destination, released));
      return released;
    };
  },
};
