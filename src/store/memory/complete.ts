import { DatabaseSync } from 'node:sqlite';
import { TransactionError } from '../../domain/errors.ts';
import type { Lease } from '../../domain/lease.ts';
import type { TransactionWork } from '../../domain/transaction.ts';
import { createHandle, createPrepared } from '../sqlite-handle.ts';
import type { CompleteStore, Finish } from '../store.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { heldBy, settle } from './settle.ts';
import type { State } from './state.ts';

/**
 * Transactions on a database in memory, one after the other. Here the work may wait for anything, so that tests of the
 * dispatcher can keep one open.
 * @see CompleteStore
 */
export function createCompletions(state: State): CompleteStore['completeWithin'] {
  const openOnce = lazily(() => {
    const db = new DatabaseSync(':memory:');
    return { db, prepared: createPrepared(db) };
  });
  let last: Promise<unknown> = Promise.resolve();

  const run = async (lease: Lease, work: TransactionWork, finish: () => Finish, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    if (heldBy(state, lease) === null) return 'lost';
    const { db, prepared } = openOnce();
    const handle = createHandle(prepared, (statement) => statement());
    db.exec('begin');
    try {
      await unlessAborted(async () => work(handle.tx), signal);
      if (!db.isTransaction) throw new TransactionError('the work ended the transaction by itself');
      const { attempt, nowMs } = finish();
      const outcome = settle(state, lease, { kind: 'completed' }, attempt, nowMs);
      db.exec(outcome === 'settled' ? 'commit' : 'rollback');
      return outcome === 'settled' ? 'completed' : 'lost';
    } catch (error) {
      if (db.isTransaction) db.exec('rollback');
      throw error;
    } finally {
      handle.revoke();
    }
  };
  return (...request) => {
    const outcome = last.then(() => run(...request));
    last = outcome.catch(() => {});
    return outcome;
  };
}

function lazily<T extends object>(make: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
