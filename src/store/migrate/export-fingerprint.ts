import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { NEVER_MS } from '../../domain/order.ts';

/**
 * Identifies an inbox and its state without reading all of it. Every settlement changes a count, or the time when its
 * delivery is due.
 */
const QUESTIONS = [
  'select seq, hex(id) from events order by seq limit 1',
  'select seq, hex(id) from events order by seq desc limit 1',
  `select value from totals where name = 'events'`,
  'select destination, status, count from delivery_counts order by destination, status',
  // In two parts: the sum of some thousand times exceeds a number, and of some million times an SQLite integer. A
  // delivery that waits for a turn has NEVER_MS, and is counted instead.
  `select destination, count(*), count(turn), sum(due_at % ${NEVER_MS} / 1000000), sum(due_at % 1000000)
   from deliveries where status = 'pending' group by destination order by 1`,
  'select destination, name, count from order_counts order by destination, name',
  'select erases from erasure',
  `select seq from sqlite_sequence where name = 'rejected'`,
  'select source, requests, bytes from rejected_totals order by source',
  'select source, name, value, updated_at from source_state order by source, name',
  'select seq, hex(hash) from audit order by seq desc limit 1',
];

/** @see InboxSource.fingerprint */
export function fingerprintOf(db: DatabaseSync): string {
  const hash = createHash('sha256');
  for (const sql of QUESTIONS) hash.update(`${JSON.stringify(db.prepare(sql).all())}\n`);
  return hash.digest('hex');
}
