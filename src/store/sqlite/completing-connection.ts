import { constants, DatabaseSync } from 'node:sqlite';
import { TransactionError } from '../../domain/errors.ts';
import type { Lease } from '../../domain/lease.ts';
import type { TransactionWork } from '../../domain/transaction.ts';
import { createHandle, createPrepared, type Prepared } from '../sqlite-handle.ts';
import type { Finish } from '../store.ts';
import { prepareAudit } from './append-audit.ts';
import { guarded } from './connect.ts';
import { openCounters } from './counters.ts';
import { KEY_OF_ID, keyParts } from './delivery-key.ts';
import { openErasure } from './erasure.ts';
import { createJudge } from './judge-statement.ts';
import { openPostings } from './postings.ts';
import { openRoom } from './room.ts';
import { settleWrites } from './settle.ts';
import { isStorageFailure, toStoreError } from './store-failure.ts';
import { prepareTurns } from './turn.ts';

export type Completion = Readonly<{
  lease: Lease;
  work: TransactionWork;
  finish: () => Finish;
  signal?: AbortSignal | undefined;
}>;

export type Ended = Readonly<{ kind: 'completed' | 'lost' }> | Readonly<{ kind: 'failed'; error: unknown }>;

/** The main thread's connection, on which handlers write. */
export type CompletingConnection = Readonly<{
  /** @throws SQLite's error, for example when another process holds the file's write lock */
  begin(): void;
  /** Runs one completion within the open transaction; a failure undoes only this one. */
  run(completion: Completion): Promise<Ended>;
  /** Whether the transaction is still open: SQLite ends it by itself when the storage fails, and rolls it back. */
  isOpen(): boolean;
  commit(): void;
  rollback(): void;
  close(): void;
}>;

/** Whether the lease holds. */
export const LOOK = `select 1 from deliveries where key = ${KEY_OF_ID} and lease_token = ? and status = 'processing'`;

/** Statements that would also roll back the other completions of the transaction. */
const ROLLS_ALL_BACK = /\bor\s+rollback\b|\bon\s+conflict\s+rollback\b|\braise\s*\(\s*rollback\b/i;

export function openCompletingConnection(databasePath: string, maxPages?: number): CompletingConnection {
  const db = open(databasePath, maxPages);
  // Its count of pending deliveries grows stale, which does no harm: a completion neither asks for it nor changes it.
  const counters = openCounters(db);
  const settle = settleWrites.settle({
    db,
    counters,
    turns: prepareTurns(db, counters),
    postings: openPostings(db),
    audit: prepareAudit(db),
    erasure: openErasure(db),
    room: openRoom(db, counters, Number.POSITIVE_INFINITY),
    maxHeldDeliveries: Number.POSITIVE_INFINITY,
    disk: { isLow: false },
  });
  const look = db.prepare(LOOK);
  const [begin, commit, savepoint, release] = [
    'begin immediate',
    'commit',
    'savepoint one',
    'release one',
  ].map((sql) => db.prepare(sql));
  const guard = guardStatements(db);
  const prepared = refuseRollingAllBack(createPrepared(db));

  const undo = () => {
    counters.forget();
    if (db.isTransaction) db.exec('rollback to one; release one');
  };
  const completeOne = async ({ lease, work, finish, signal }: Completion): Promise<'completed' | 'lost'> => {
    const handle = createHandle(prepared, guard);
    try {
      await withinTurn(() => work(handle.tx));
    } finally {
      handle.revoke();
    }
    signal?.throwIfAborted();
    const { attempt, nowMs } = finish();
    const outcome = settle(lease, { kind: 'completed' }, attempt, nowMs);
    if (outcome === 'lost') return 'lost';
    counters.write();
    counters.keep();
    return 'completed';
  };
  return {
    begin: () => void begin!.run(),
    async run(completion) {
      const { lease, signal } = completion;
      if (signal?.aborted === true) return { kind: 'failed', error: signal.reason };
      // Saves running the work; the answer holds, since nothing else writes while the transaction is open.
      if (look.get(...keyParts(lease.deliveryId), lease.token) === undefined) return { kind: 'lost' };
      savepoint!.run();
      try {
        const kind = await completeOne(completion);
        if (kind === 'lost') undo();
        else release!.run();
        return { kind };
      } catch (error) {
        undo();
        return { kind: 'failed', error: explainStorageRefusal(error) };
      }
    },
    isOpen: () => db.isTransaction,
    commit: () => void commit!.run(),
    rollback: () => void (db.isTransaction && db.exec('rollback')),
    close: () => db.close(),
  };
}

/** A handler's own errors stay as they are; errors of the storage become StoreErrors. */
function explainStorageRefusal(error: unknown): unknown {
  if (typeof (error as { errcode?: unknown } | null | undefined)?.errcode !== 'number') return error;
  const failure = toStoreError(error);
  return isStorageFailure(failure) ? failure : error;
}

function open(databasePath: string, maxPages?: number): DatabaseSync {
  return guarded(databasePath, () => {
    // Without a timeout: waiting for another process's lock would stop the event loop.
    const db = new DatabaseSync(databasePath, { timeout: 0 });
    // Nor does it wait for the disk: the writer's next commit syncs it, see complete.ts.
    db.exec('pragma synchronous = normal');
    db.exec('pragma wal_autocheckpoint = 0');
    db.exec('pragma cache_size = -8192');
    db.exec('pragma temp_store = memory');
    if (maxPages !== undefined) db.exec(`pragma max_page_count = ${maxPages}`);
    return db;
  });
}

/** Restricts a handler's statements to what the judge allows. SQLite asks whenever it prepares one. */
function guardStatements(db: DatabaseSync): <T>(work: () => T) => T {
  const judge = createJudge();
  let isUsers = false;
  let refusal: string | null = null;
  db.setAuthorizer((action, first, second) => {
    refusal = isUsers ? judge(action, first, second) : null;
    return refusal === null ? constants.SQLITE_OK : constants.SQLITE_DENY;
  });
  return (work) => {
    isUsers = true;
    refusal = null;
    try {
      return work();
    } catch (error) {
      throw refusal === null ? error : new TransactionError(refusal, { cause: error });
    } finally {
      isUsers = false;
    }
  };
}

function refuseRollingAllBack(prepared: Prepared): Prepared {
  return (sql) => {
    if (!ROLLS_ALL_BACK.test(sql)) return prepared(sql);
    throw new TransactionError('a handler may not use "or rollback": throw to roll back, or use "or abort"');
  };
}

/**
 * Runs work that may be an async function, provided that it waits for nothing outside: the file has one writer, and the
 * whole inbox waits while a transaction is open.
 * @throws TransactionError when the work's promise is still open after a pass of the event loop
 */
async function withinTurn(work: () => unknown): Promise<void> {
  const result = work();
  if (!isThenable(result)) return;
  const late = Promise.withResolvers<never>();
  const turn = setImmediate(() => late.reject(new TransactionError(WAITS)));
  try {
    await Promise.race([result, late.promise]);
  } finally {
    clearImmediate(turn);
  }
}

const WAITS =
  'the work waits for something while the transaction is open, which on SQLite holds up the whole inbox: ' +
  'do all that takes time before ctx.complete, and only write in it';

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
