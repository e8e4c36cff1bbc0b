import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { Counters } from './counters.ts';
import type { Verbs } from './operations.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';

const BEFORE_ALL = new Uint8Array(16);

/** Ids carry the time of receipt, so walking them from the oldest needs no index of its own. */
export const NEXT_EVENTS_SQL = 'select id, received_at from events where id > ? order by id limit ?';

/** @see OperateStore.purge */
export function preparePurge(db: DatabaseSync, counters: Counters): Verbs['purge'] {
  const findNext = db.prepare(NEXT_EVENTS_SQL);
  const deleteEvent = prepareDeleteEvent(db, counters);
  return ({ beforeMs, limit, cursor }) => {
    const rows = findNext.all(cursor === null ? BEFORE_ALL : uuidToBytes(cursor), limit) as unknown as {
      id: Uint8Array;
      received_at: number;
    }[];
    let deleted = 0;
    let last: Uint8Array | null = null;
    for (const { id, received_at } of rows) {
      if (received_at >= beforeMs) return { deleted, cursor: null };
      if (deleteEvent(id)) deleted += 1;
      last = id;
    }
    return { deleted, cursor: last === null || rows.length < limit ? null : bytesToUuid(last) };
  };
}

/** Deletes an event with all that hangs on it, unless a delivery of it is open. */
function prepareDeleteEvent(db: DatabaseSync, counters: Counters): (id: Uint8Array) => boolean {
  const findDeliveries = db.prepare('select id, destination, status from deliveries where event_id = ?');
  const deleteAttempts = db.prepare('delete from attempts where delivery_id = ?');
  const deleteDelivery = db.prepare('delete from deliveries where id = ?');
  const deleteRow = db.prepare('delete from events where id = ?');
  return (eventId) => {
    const deliveries = findDeliveries.all(eventId) as unknown as {
      id: Uint8Array;
      destination: string;
      status: DeliveryStatus;
    }[];
    if (deliveries.some(({ status }) => status === 'pending' || status === 'processing')) return false;
    for (const { id, destination, status } of deliveries) {
      deleteAttempts.run(id);
      deleteDelivery.run(id);
      counters.add(destination, status, -1);
    }
    deleteRow.run(eventId);
    counters.addEvents(-1);
    return true;
  };
}

/** Gives up to `pages` free pages back to the file system. */
export function prepareVacuum(db: DatabaseSync): Verbs['vacuum'] {
  const free = db.prepare('pragma freelist_count');
  return ({ pages }) => {
    db.exec(`pragma incremental_vacuum(${pages})`);
    const { freelist_count: left } = free.get() as { freelist_count: number };
    return left > 0 ? 'more' : 'done';
  };
}
