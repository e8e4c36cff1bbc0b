import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import { prepareTally } from './cleanups.ts';
import { OF_EVENT } from './delivery-key.ts';
import { preparePurgePostings } from './postings.ts';
import { prepareRows } from './prepare-rows.ts';
import { bytesToUuid } from './uuid-bytes.ts';
import type { Writer, Writes } from './verbs.ts';

/** Rows are in the order of acceptance, so a walk from the oldest needs no index. The cursor is a seq. */
const NEXT_EVENTS_SQL = 'select seq, id, received_at from events where seq > ? order by seq limit ?';

/** One of the event's up to two marks, unless a later event took it over. With `in` SQLite would scan all marks. */
const deleteMarkSql = (firstByte: number) => `
  delete from replay_marks
  where (digest, source) = (select substr(replay_digest, ${firstByte}, 16), source from events where seq = ?) and seq = ?`;

/** @see OperateStore.purge */
export const purgeWrites: Writes<'purge'> = {
  purge(writer) {
    const findNext = prepareRows<{ seq: number; id: Uint8Array; received_at: number }>(
      writer.db,
      NEXT_EVENTS_SQL,
    );
    const tally = prepareTally(writer.db);
    const deleteEvent = prepareDeleteEvent(writer);
    const purgePostings = preparePurgePostings(writer.db);
    return (beforeMs, limit, cursor) => {
      const rows = findNext.all(cursor === null ? 0 : Number(cursor), limit);
      const young = rows.findIndex(({ received_at: receivedAtMs }) => receivedAtMs >= beforeMs);
      const old = young === -1 ? rows : rows.slice(0, young);
      const ids = old.filter(({ seq }) => deleteEvent(seq)).map(({ id }) => id);
      if (ids.length > 0) {
        tally('events', ids.length, bytesToUuid(ids[0]!), bytesToUuid(ids.at(-1)!));
        purgePostings();
      }
      const last = old.at(-1)?.seq ?? null;
      const isEnd = last === null || old.length < limit;
      return { deleted: ids.length, cursor: isEnd ? null : String(last) };
    };
  },
};

type DeliveryRow = Readonly<{
  key: number;
  destination: string;
  status: DeliveryStatus;
  turn: Turn | null;
  replayed_by: number | null;
}>;

/** Deletes an event with everything that belongs to it, unless one of its deliveries is open or blocks its key. */
function prepareDeleteEvent({ db, counters, erasure }: Writer): (seq: number) => boolean {
  const findDeliveries = prepareRows<DeliveryRow>(
    db,
    `select key, destination, status, turn, replayed_by from deliveries where key ${OF_EVENT}`,
  );
  const deleteAttempts = db.prepare('delete from attempts where delivery_key = ?');
  const deleteDelivery = db.prepare('delete from deliveries where key = ?');
  const deleteMarks = [1, 17].map((firstByte) => db.prepare(deleteMarkSql(firstByte)));
  const deleteDuplicates = db.prepare('delete from duplicates where seq = ?');
  const deleteErased = db.prepare('delete from erased where seq = ?');
  const deleteSearchKeys = db.prepare(
    'delete from event_search where id = (select id from events where seq = ?)',
  );
  const deleteRow = db.prepare('delete from events where seq = ?');
  return (seq) => {
    const deliveries = findDeliveries.all(seq, seq);
    // An open delivery may hold a turn, and a failed one that others wait for does.
    const isKept = deliveries.some(
      ({ status, turn }) => status === 'pending' || status === 'processing' || turn !== null,
    );
    if (isKept) return false;
    for (const { key, destination, status, replayed_by: replayedBy } of deliveries) {
      deleteAttempts.run(key);
      deleteDelivery.run(key);
      // A superseded one was taken out of the count when it was replayed.
      if (status !== 'failed' || replayedBy === null) counters.add(destination, status, -1);
    }
    for (const deleteMark of deleteMarks) deleteMark.run(seq, seq);
    deleteDuplicates.run(seq);
    if (erasure.names() !== null) deleteErased.run(seq);
    deleteSearchKeys.run(seq);
    deleteRow.run(seq);
    counters.addEvents(-1);
    return true;
  };
}

/** Gives up to `pages` free pages back to the file system, and tells whether free pages are left. */
export function prepareVacuum({ db }: Writer): (pages: number) => 'more' | 'done' {
  const free = prepareRows<{ freelist_count: number }>(db, 'pragma freelist_count');
  return (pages) => {
    db.exec(`pragma incremental_vacuum(${pages})`);
    return free.get()!.freelist_count > 0 ? 'more' : 'done';
  };
}
