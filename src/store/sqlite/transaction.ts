import type { DatabaseSync } from 'node:sqlite';
import type { StoreError } from '../../domain/errors.ts';
import { prepareClaim } from './claim.ts';
import { prepareClaimByIds } from './claim-by-ids.ts';
import { openCounters } from './counters.ts';
import { prepareExpired } from './expired.ts';
import { prepareExtend } from './extend.ts';
import { prepareInsert } from './insert.ts';
import type { Answer, Operation, Verbs } from './operations.ts';
import { prepareReleaseKey } from './order.ts';
import { preparePurge, prepareVacuum } from './purge.ts';
import { prepareDropRejected, prepareKeepRejected, preparePurgeRejected } from './rejected.ts';
import { prepareReplay } from './replay.ts';
import { prepareSettle } from './settle.ts';
import { prepareSourceState } from './source-state.ts';
import { isStorageFailure, toStoreError } from './store-failure.ts';
import { prepareTurns } from './turn.ts';

/** Answers in the order of the operations. One that failed alone is answered by its error. */
export type BatchAnswer = Answer | StoreError;

/** Runs a batch in one transaction and answers once the commit is durable. */
export type RunBatch = (batch: readonly Operation[]) => BatchAnswer[];

/**
 * A failure of the storage fails the whole batch, for nothing of it is durable. A failure of one operation must not
 * cost its neighbours their commit: then each is run by itself, and only the culprit fails.
 */
export function prepareBatch(db: DatabaseSync, maxPending: number): RunBatch {
  const counters = openCounters(db);
  const turns = prepareTurns(db, counters);
  const ping = db.prepare(`update totals set value = value + 1 where name = 'pings'`);
  const verbs: Verbs = {
    insert: prepareInsert(db, counters, turns, maxPending),
    claim: prepareClaim(db, counters),
    claimByIds: prepareClaimByIds(db, counters),
    extend: prepareExtend(db),
    settle: prepareSettle(db, counters, turns),
    expired: prepareExpired(db),
    purge: preparePurge(db, counters),
    vacuum: prepareVacuum(db),
    replay: prepareReplay(db, counters, turns, maxPending),
    releaseKey: prepareReleaseKey(db, counters, turns),
    keepRejected: prepareKeepRejected(db),
    dropRejected: prepareDropRejected(db),
    purgeRejected: preparePurgeRejected(db),
    ...prepareSourceState(db),
    ping: () => void ping.run(),
  };
  const begin = db.prepare('begin immediate');
  const commit = db.prepare('commit');

  const runTogether = (batch: readonly Operation[]): BatchAnswer[] => {
    try {
      begin.run();
      const answers = batch.map((operation) => perform(verbs, operation));
      counters.write();
      commit.run();
      counters.keep();
      return answers;
    } catch (error) {
      counters.forget();
      // SQLite may have rolled back by itself, as it does when the disk is full.
      if (db.isTransaction) db.exec('rollback');
      throw toStoreError(error);
    }
  };
  return (batch) => {
    try {
      return runTogether(batch);
    } catch (thrown) {
      const error = toStoreError(thrown);
      if (batch.length === 1 || isStorageFailure(error)) return batch.map(() => error);
      return batch.map((operation) => runAlone(runTogether, operation));
    }
  };
}

function runAlone(run: RunBatch, operation: Operation): BatchAnswer {
  try {
    return run([operation])[0]!;
  } catch (error) {
    return error as StoreError;
  }
}

function perform(verbs: Verbs, operation: Operation): Answer {
  const verb = verbs[operation.kind] as (operation: Operation) => Answer;
  return verb(operation);
}
