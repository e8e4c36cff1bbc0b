import assert from 'node:assert/strict';
import { anAttempt } from '../../../testkit/builders.ts';
import type { Transaction } from '../../domain/transaction.ts';
import type { Finish, Leased, Store } from '../store.ts';
import { insertFor, leaseNext, T0 } from './harness.ts';

/** Runs a statement, whichever database it is. */
export async function run(tx: Transaction, sql: string): Promise<void> {
  if (tx.kind === 'sqlite') tx.run(sql);
  else await tx.query(sql);
}

/** A handler's own table that counts. */
export async function createTally(store: Store): Promise<void> {
  await probe(store, async (tx) => {
    await run(tx, 'create table tally (name text primary key, total integer not null)');
    await run(tx, `insert into tally values ('all', 0)`);
  });
}

/** Adds to the count, in the transaction that is open. */
export function add(tx: Transaction, count = 1): Promise<void> {
  return run(tx, `update tally set total = total + ${count} where name = 'all'`);
}

/** What is committed. */
export async function tallyOf(store: Store): Promise<number> {
  let total: unknown;
  await probe(store, async (tx) => {
    const sql = 'select total from tally';
    const row = tx.kind === 'sqlite' ? tx.get(sql) : (await tx.query(sql)).rows[0];
    total = row?.total;
  });
  return Number(total);
}

/** The end of a lease's try. */
export function finishOf({ attempts }: Pick<Leased, 'attempts'>, nowMs = T0 + 10): () => Finish {
  return () => ({ attempt: anAttempt({ number: attempts + 1, endedAtMs: nowMs }), nowMs });
}

/** A transaction of its own, on a delivery that no test counts. */
async function probe(store: Store, work: (tx: Transaction) => Promise<void>): Promise<void> {
  await insertFor(store, ['probe']);
  const leased = await leaseNext(store, 'probe');
  assert.equal(await store.completeWithin(leased.lease, work, finishOf(leased)), 'completed');
}
