import type { DatabaseSync } from 'node:sqlite';
import type { StoreOptions } from '../store.ts';
import { prepareAudit } from './append-audit.ts';
import { openCounters } from './counters.ts';
import { openErasure } from './erasure.ts';
import { openPostings } from './postings.ts';
import { openRoom } from './room.ts';
import { toStoreError } from './store-failure.ts';
import { prepareTurns } from './turn.ts';
import { prepareWrites, type Write, type WriteAnswer } from './writes.ts';

/**
 * Runs a batch in one transaction and returns once the commit is durable, with the answers in order.
 * @throws StoreError when one of them failed, or the commit: then nothing of the batch is visible
 */
export type RunBatch = (batch: readonly Write[]) => WriteAnswer[];

export type Limits = Required<Pick<StoreOptions, 'maxPendingDeliveries' | 'maxHeldDeliveries'>>;

export function prepareBatch(db: DatabaseSync, limits: Limits): RunBatch {
  const counters = openCounters(db);
  const erasure = openErasure(db);
  const room = openRoom(db, counters, limits.maxPendingDeliveries);
  const perform = prepareWrites({
    db,
    counters,
    turns: prepareTurns(db, counters),
    postings: openPostings(db),
    erasure,
    audit: prepareAudit(db),
    room,
    ...limits,
    disk: { isLow: false },
  });
  const begin = db.prepare('begin immediate');
  const commit = db.prepare('commit');
  return (batch) => {
    try {
      begin.run();
      room.countAgain();
      const answers = batch.map(perform);
      counters.write();
      commit.run();
      counters.keep();
      return answers;
    } catch (error) {
      counters.forget();
      // SQLite may have rolled back by itself, as it does when the disk is full.
      if (db.isTransaction) db.exec('rollback');
      erasure.reload();
      throw toStoreError(error);
    }
  };
}
