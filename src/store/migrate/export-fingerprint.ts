import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { NEVER_MS } from '../../domain/order.ts';

/**
 * What tells one inbox from another, and its state from an earlier one, without reading it all. Every settlement
 * changes a count, or the time when its delivery is due.
 */
const QUESTIONS = [
  'select seq, hex(id) from events order by seq limit 1',
  'select seq, hex(id) from events order by seq desc limit 1',
  `select value from totals where name = 'events'`,
  'select destination, status, count from delivery_counts order by destination, status',
  // In two parts: some thousands of times add up to more than a number holds, and some millions to more than SQLite
  // does. Who waits for a turn is due never, which is counted instead.
  `select destination, count(*), count(turn), sum(due_at % ${NEVER_MS} / 1000000), sum(due_at % 1000000)
   from deliveries where status = 'pending' group by destination order by 1`,
  'select destination, name, count from order_counts order by destination, name',
  `select seq from sqlite_sequence where name = 'rejected'`,
  'select source, requests, bytes from rejected_totals order by source',
  'select source, name, value, updated_at from source_state order by source, name',
];

/** @see InboxSource.fingerprint */
export function fingerprintOf(db: DatabaseSync): string {
  const hash = createHash('sha256');
  for (const sql of QUESTIONS) hash.update(`${JSON.stringify(db.prepare(sql).all())}\n`);
  return hash.digest('hex');
}
