import { StoreError } from '../../domain/errors.ts';
import { monotonicMs, sleep, systemClock } from '../../runtime/clock.ts';
import type { CompleteStore } from '../store.ts';
import type { CompletingConnection, Completion, Ended } from './completing-connection.ts';
import { isStorageFailure, toStoreError } from './store-failure.ts';

/** Most completions in one transaction, and how long more may join it: the whole inbox waits meanwhile. */
const MAX_TOGETHER = 64;
const TOGETHER_MS = 5;
/** How long to wait for another process, such as a backup or a shell, to release the file's write lock. */
const LOCK_TIMEOUT_MS = 5_000;
const LOCK_PAUSE_MS = 5;

export type CompletionParts = Readonly<{
  /** Opens the connection; called for the first completion. */
  open: () => CompletingConnection;
  /** Runs work while the writer thread is idle and gets no batch. */
  exclusive: (work: () => Promise<void>) => Promise<void>;
  /** Makes the writer thread commit. Resolves when that commit is durable. */
  sync: () => Promise<unknown>;
}>;

export type Completions = Pick<CompleteStore, 'completeWithin'> & Readonly<{ close(): void }>;

type Waiting = Completion &
  Readonly<{ resolve: (outcome: 'completed' | 'lost') => void; reject: (error: unknown) => void }>;

/**
 * Completions run on the main thread, where the handlers are. The file has one write lock, and waiting for it would stop
 * the event loop: so they run between the writer thread's commits, in sections of the batcher. Waiting completions share
 * a transaction, with a savepoint for each.
 *
 * Their commit only appends to the -wal file. Each commit of the writer syncs that file as a whole, so a completion is
 * durable with the writer's next commit and is answered then. A power cut before it undoes the handler's writes together
 * with the completion.
 * @see CompleteStore
 */
export function createCompletions({ open, exclusive, sync }: CompletionParts): Completions {
  const waiting: Waiting[] = [];
  let connection: CompletingConnection | null = null;
  let isAsked = false;

  const ask = () => {
    if (isAsked || waiting.length === 0) return;
    isAsked = true;
    void exclusive(section);
  };
  const section = async () => {
    isAsked = false;
    try {
      connection ??= open();
      await begin(connection);
    } catch (error) {
      for (const { reject } of waiting.splice(0)) reject(toStoreError(error));
      return;
    }
    answer(await runTogether(connection, waiting, rollBack));
    ask();
  };
  /** A connection whose rollback fails is closed, which rolls back too; the next section opens another one. */
  const rollBack = (failing: CompletingConnection) => {
    try {
      failing.rollback();
    } catch {
      connection = null;
      closeQuietly(failing);
    }
  };
  const answer = (ended: readonly (readonly [Waiting, Ended])[]) => {
    const isWritten = ended.some(([, { kind }]) => kind === 'completed');
    // Requested within the section, so that a store that is closing waits for it.
    const durable = isWritten ? sync() : Promise.resolve();
    for (const [{ resolve, reject }, end] of ended) {
      if (end.kind === 'failed') reject(end.error);
      else if (end.kind === 'lost') resolve('lost');
      else durable.then(() => resolve('completed'), reject);
    }
  };
  return {
    completeWithin: (lease, work, finish, signal) =>
      new Promise((resolve, reject) => {
        waiting.push({ lease, work, finish, signal, resolve, reject });
        ask();
      }),
    close: () => connection?.close(),
  };
}

async function begin(connection: CompletingConnection): Promise<void> {
  for (const untilMs = monotonicMs() + LOCK_TIMEOUT_MS; ; ) {
    try {
      return connection.begin();
    } catch (error) {
      if (toStoreError(error).code !== 'STORE_BUSY' || monotonicMs() >= untilMs) throw error;
    }
    await sleep(systemClock, LOCK_PAUSE_MS);
  }
}

/** Runs waiting completions in their order, as many as one transaction takes, and commits. */
async function runTogether(
  connection: CompletingConnection,
  waiting: Waiting[],
  rollBack: (connection: CompletingConnection) => void,
): Promise<(readonly [Waiting, Ended])[]> {
  const ended: (readonly [Waiting, Ended])[] = [];
  try {
    for (const untilMs = monotonicMs() + TOGETHER_MS; waiting.length > 0; ) {
      const next = waiting.shift()!;
      ended.push([next, await runOne(connection, next)]);
      if (!connection.isOpen()) return rolledBack(ended);
      if (ended.length === MAX_TOGETHER || monotonicMs() >= untilMs) break;
    }
    connection.commit();
    return ended;
  } catch (error) {
    rollBack(connection);
    return ended.map(([entry, end]) => [entry, unlessDone(end, toStoreError(error))]);
  }
}

/** The failure that came before is the one to report. */
function closeQuietly(connection: CompletingConnection): void {
  try {
    connection.close();
  } catch {
    // The connection is abandoned in any case.
  }
}

/** An error of the connection itself leaves the transaction in doubt: all of it is rolled back. */
async function runOne(connection: CompletingConnection, { reject, ...completion }: Waiting): Promise<Ended> {
  try {
    return await connection.run(completion);
  } catch (error) {
    reject(toStoreError(error));
    throw error;
  }
}

/** SQLite has rolled back the whole transaction: the storage failed under the last completion, and so for all. */
function rolledBack(ended: readonly (readonly [Waiting, Ended])[]): (readonly [Waiting, Ended])[] {
  const [, last] = ended.at(-1)!;
  const cause = last.kind === 'failed' ? last.error : undefined;
  const storage = toStoreError(cause ?? new Error('the transaction was rolled back'));
  const shared = isStorageFailure(storage)
    ? storage
    : new StoreError('STORE_BUSY', 'rolled back together with another completion; try again', { cause });
  return ended.map(([entry, end]) => [entry, unlessDone(end, shared)]);
}

/** Completions that waited for the commit have failed; the others have their outcome already. */
function unlessDone(end: Ended, error: StoreError): Ended {
  return end.kind === 'completed' ? { kind: 'failed', error } : end;
}
