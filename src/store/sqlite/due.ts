import type { DatabaseSync } from 'node:sqlite';
import type { DuePage } from '../store.ts';
import { deliveryIdOfKey, eventSeqOf } from './delivery-key.ts';
import { bytesToUuid } from './uuid-bytes.ts';

/** The questions of QueuedStore, answered synchronously on the reading connection. */
export type DueQueries = Readonly<{
  countDue(destination: string, untilMs: number, limit: number): number;
  duePending(destination: string, untilMs: number, limit: number, after: string | null): DuePage;
}>;

const COUNT_DUE_SQL = `
  select count(*) as due from (
    select 1 from deliveries where destination = ? and status = 'pending' and due_at <= ? limit ?)`;

/** The first condition on `due_at` is what the index can begin at; the second passes over what that leaves in. */
const DUE_PENDING_SQL = `
  select key, due_at from deliveries
  where destination = ? and status = 'pending' and due_at <= ? and due_at >= ? and (due_at > ? or key > ?)
  order by due_at, key limit ?`;

type Row = { key: number; due_at: number };

export function prepareDueQueries(db: DatabaseSync): DueQueries {
  const count = db.prepare(COUNT_DUE_SQL);
  const list = db.prepare(DUE_PENDING_SQL);
  const idOfEvent = db.prepare('select id from events where seq = ?');
  const toDue = ({ key, due_at: dueAtMs }: Row) => {
    const { id } = idOfEvent.get(eventSeqOf(key)) as { id: Uint8Array };
    return { deliveryId: deliveryIdOfKey(bytesToUuid(id), key), dueAtMs };
  };
  return {
    countDue: (destination, untilMs, limit) =>
      (count.get(destination, untilMs, limit) as { due: number }).due,
    duePending(destination, untilMs, limit, after) {
      const [dueAtMs, key] = after === null ? [-1, -1] : after.split(':').map(Number);
      // One more than asked for tells whether there is another page.
      const rows = list.all(destination, untilMs, dueAtMs!, dueAtMs!, key!, limit + 1) as unknown as Row[];
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        deliveries: page.map(toDue),
        next: last === undefined || rows.length <= limit ? null : `${last.due_at}:${last.key}`,
      };
    },
  };
}
