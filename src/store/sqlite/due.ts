import { pageOf } from '../rows.ts';
import { prepareIdOfKey } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Reads } from './verbs.ts';

const COUNT_DUE_SQL = `
  select count(*) as due from (
    select 1 from deliveries where destination = ? and status = 'pending' and due_at <= ? limit ?)`;

/** The index starts at `due_at >= ?`; the condition behind it skips the rows of the previous page. */
const DUE_PENDING_SQL = `
  select key, due_at from deliveries
  where destination = ? and status = 'pending' and due_at <= ? and due_at >= ? and (due_at > ? or key > ?)
  order by due_at, key limit ?`;

type DueRow = Readonly<{ key: number; due_at: number }>;

/** The reads of QueuedStore. */
export const dueReads: Reads<'countDue' | 'duePending'> = {
  countDue(db) {
    const count = prepareRows<{ due: number }>(db, COUNT_DUE_SQL);
    return (destination, untilMs, limit) => count.get(destination, untilMs, limit)!.due;
  },
  duePending(db) {
    const list = prepareRows<DueRow>(db, DUE_PENDING_SQL);
    const idOf = prepareIdOfKey(db);
    return (destination, untilMs, limit, after) => {
      const [dueAtMs, key] = after === null ? [-1, -1] : after.split(':').map(Number);
      const found = list.all(destination, untilMs, dueAtMs!, dueAtMs!, key!, limit + 1);
      const { rows, next } = pageOf(found, limit, (last) => `${last.due_at}:${last.key}`);
      return { deliveries: rows.map((row) => ({ deliveryId: idOf(row.key), dueAtMs: row.due_at })), next };
    };
  },
};
