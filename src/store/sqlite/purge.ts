import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import type { Counters } from './counters.ts';
import { OF_EVENT } from './delivery-key.ts';
import type { Verbs } from './operations.ts';

/** Events lie in the order in which they came, so walking from the oldest needs no index. The cursor is a seq. */
export const NEXT_EVENTS_SQL = 'select seq, received_at from events where seq > ? order by seq limit ?';

/** The event's mark, unless a later event took it over. */
export const DELETE_MARK_SQL = `
  delete from replay_marks
  where (digest, source) = (select replay_digest, source from events where seq = ?) and seq = ?`;

/** @see OperateStore.purge */
export function preparePurge(db: DatabaseSync, counters: Counters): Verbs['purge'] {
  const findNext = db.prepare(NEXT_EVENTS_SQL);
  const deleteEvent = prepareDeleteEvent(db, counters);
  return ({ beforeMs, limit, cursor }) => {
    const rows = findNext.all(cursor === null ? 0 : Number(cursor), limit) as unknown as {
      seq: number;
      received_at: number;
    }[];
    let deleted = 0;
    let last: number | null = null;
    for (const { seq, received_at } of rows) {
      if (received_at >= beforeMs) return { deleted, cursor: null };
      if (deleteEvent(seq)) deleted += 1;
      last = seq;
    }
    return { deleted, cursor: last === null || rows.length < limit ? null : String(last) };
  };
}

/** Deletes an event with all that hangs on it, unless a delivery of it is open or blocks its key. */
function prepareDeleteEvent(db: DatabaseSync, counters: Counters): (seq: number) => boolean {
  const findDeliveries = db.prepare(
    `select key, destination, status, turn from deliveries where key ${OF_EVENT}`,
  );
  const deleteAttempts = db.prepare('delete from attempts where delivery_key = ?');
  const deleteDelivery = db.prepare('delete from deliveries where key = ?');
  const deleteMark = db.prepare(DELETE_MARK_SQL);
  const deleteRow = db.prepare('delete from events where seq = ?');
  return (seq) => {
    const deliveries = findDeliveries.all(seq, seq) as unknown as {
      key: number;
      destination: string;
      status: DeliveryStatus;
      turn: Turn | null;
    }[];
    // A turn is held by those that are open, and by a failed one that others wait for.
    const isKept = deliveries.some(
      ({ status, turn }) => status === 'pending' || status === 'processing' || turn !== null,
    );
    if (isKept) return false;
    for (const { key, destination, status } of deliveries) {
      deleteAttempts.run(key);
      deleteDelivery.run(key);
      counters.add(destination, status, -1);
    }
    deleteMark.run(seq, seq);
    deleteRow.run(seq);
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
