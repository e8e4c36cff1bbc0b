import type { EventHistory } from '../store.ts';
import { deliveryKey, OF_EVENT } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';
import { prepareAppendAttempt } from './settle.ts';
import { uuidToBytes } from './uuid-bytes.ts';
import type { Writer, Writes } from './verbs.ts';

/** The seq of an event that is here, was not erased and has no deliveries. */
const FRESH_SQL = `
  select seq from events where id = ? and not exists (select 1 from erased x where x.seq = events.seq)`;

/** @see HistoryStore */
export const historyWrites: Writes<'addHistory'> = {
  addHistory(writer) {
    const { db } = writer;
    const find = prepareRows<{ seq: number }>(db, FRESH_SQL);
    const hasDeliveries = db.prepare(`select 1 from deliveries where key ${OF_EVENT} limit 1`);
    const addDeliveries = prepareAddDeliveries(writer);
    const addDuplicates = db.prepare(
      `insert into duplicates (seq, count, last_at, differed) values (?, ?, ?, ?) on conflict (seq) do nothing`,
    );
    return (histories) => {
      for (const { eventId, deliveries, duplicates } of histories) {
        const seq = find.get(uuidToBytes(eventId))?.seq;
        if (seq === undefined || hasDeliveries.get(seq, seq) !== undefined) continue;
        addDeliveries(seq, deliveries);
        if (duplicates === null) continue;
        addDuplicates.run(seq, duplicates.count, duplicates.lastAtMs, duplicates.differed ? 1 : 0);
      }
    };
  },
};

function prepareAddDeliveries({ db, counters }: Writer) {
  const add = db.prepare(
    `insert into deliveries (key, destination, status, attempts, due_at, last_error, failure_group, created_at, updated_at,
       replay_of, replayed_by, sent_as, order_key)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const appendAttempt = prepareAppendAttempt(db);
  return (seq: number, deliveries: EventHistory['deliveries']) => {
    const keyOf = (number: number | null) => (number === null ? null : deliveryKey(seq, number));
    for (const past of deliveries) {
      const { destination, status, attempts, dueAtMs, lastError, failureGroup, orderKey } = past;
      const key = deliveryKey(seq, past.number);
      add.run(
        ...[key, destination, status, attempts, dueAtMs, lastError, failureGroup],
        ...[past.createdAtMs, past.updatedAtMs, keyOf(past.replayOf), keyOf(past.replayedBy)],
        ...[keyOf(past.sentAs), orderKey],
      );
      // A dead letter that was replayed is listed no more, and not counted.
      if (status === 'completed' || past.replayedBy === null) counters.add(destination, status, 1);
      for (const attempt of past.tries) appendAttempt(key, attempt);
    }
  };
}
