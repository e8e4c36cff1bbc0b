import { NEVER_MS } from '../../domain/order.ts';
import { pageOf } from '../rows.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Writes } from './verbs.ts';

/** The first condition on `due_at` is what the index can begin at; the second passes over what that leaves in. */
const DUE_LATER_SQL = `
  select key, due_at, attempts, updated_at from deliveries
  where destination = ? and status = 'pending' and due_at < ${NEVER_MS} and due_at >= ? and (due_at > ? or key > ?)
  order by due_at, key limit ?`;

const RESCHEDULE_SQL = `update deliveries set due_at = ?, updated_at = ? where key = ?`;

type LaterRow = Readonly<{ key: number; due_at: number; attempts: number; updated_at: number }>;

/** @see RescheduleStore.reschedule */
export const rescheduleWrites: Writes<'reschedule'> = {
  reschedule({ db }) {
    const findLater = prepareRows<LaterRow>(db, DUE_LATER_SQL);
    const reschedule = db.prepare(RESCHEDULE_SQL);
    return (destination, nowMs, limit, after) => {
      const [dueAtMs, key] = after === null ? [nowMs, Number.MAX_SAFE_INTEGER] : after.split(':').map(Number);
      const found = findLater.all(destination, dueAtMs!, dueAtMs!, key!, limit + 1);
      const { rows, next } = pageOf(found, limit, (last) => `${last.due_at}:${last.key}`);
      const wrong = rows.filter((row) => row.attempts === 0 || row.updated_at > nowMs);
      for (const row of wrong) {
        const waitMs = row.attempts === 0 ? 0 : Math.max(row.due_at - row.updated_at, 0);
        reschedule.run(nowMs + waitMs, nowMs, row.key);
      }
      return { rescheduled: wrong.length, next };
    };
  },
};
