import pg from 'pg';
import { StoreError } from '../../domain/errors.ts';
import { pauseAfter } from '../../runtime/backoff.ts';
import { monotonicMs, sleep, systemClock } from '../../runtime/clock.ts';
import { cancelStatement } from './cancel.ts';
import { checkServer } from './check-server.ts';
import { type ConnectOptions, connectClient } from './connect.ts';
import { type Migration, migrate } from './migrate.ts';
import { describeCause, hasState, toStoreError } from './store-failure.ts';
import { refuseUnfinishedImport } from './unfinished-import.ts';

/** A server that starts beside the receiver may take a moment longer. */
const OPEN_TIMEOUT_MS = 5_000;
const OPEN_PAUSE_MS = 250;

export type PrepareOptions = Readonly<{
  onMigrationWaits?: ((waitedMs: number) => void) | undefined;
  /** What to do first on the connection. */
  greet?: (client: pg.Client) => Promise<void>;
  /** A role that is given the rights of a receiver. */
  grantTo?: string | null;
}>;

/**
 * Looks whether the server is one to keep events on, and brings its schema up to date.
 * @returns the statements that changed something
 * @throws StoreError STORE_UNAVAILABLE, STORE_UNSAFE or STORE_SCHEMA, which says where and why
 */
export function prepareServer(
  way: ConnectOptions,
  migrations: readonly Migration[],
  { onMigrationWaits = () => {}, greet = async () => {}, grantTo = null }: PrepareOptions = {},
): Promise<readonly string[]> {
  return withServer(way, async (client) => {
    await checkServer(client, way.isDirect);
    await greet(client);
    const check = () => refuseUnfinishedImport(client);
    return untilUnlocked(() => migrate(client, migrations, { check, grantTo }), onMigrationWaits);
  });
}

/**
 * A long reader, such as a backup, keeps a migration from the lock of a table. It is tried again in the process, with pauses
 * in which the other nodes work on, for as long as a backup may take.
 */
async function untilUnlocked<T>(
  work: () => Promise<T>,
  onMigrationWaits: (waitedMs: number) => void,
): Promise<T> {
  const startedAtMs = monotonicMs();
  for (let failures = 1; ; failures++) {
    try {
      return await work();
    } catch (error) {
      const waitedMs = monotonicMs() - startedAtMs;
      if (!hasState(error, LOCK_TIMEOUT) || waitedMs > LONGEST_MIGRATION_WAIT_MS) throw error;
      onMigrationWaits(waitedMs);
      await sleep(systemClock, pauseAfter(failures, FIRST_MIGRATION_PAUSE_MS, LONGEST_MIGRATION_PAUSE_MS));
    }
  }
}

/** SQLSTATE of a statement that did not get a lock in time. */
const LOCK_TIMEOUT = '55P03';
const FIRST_MIGRATION_PAUSE_MS = 500;
const LONGEST_MIGRATION_PAUSE_MS = 5_000;
const LONGEST_MIGRATION_WAIT_MS = 3_600_000;

/**
 * Checks that the direct URL beside a pooler leads to a server that keeps sessions. A wrong one would go unnoticed: the
 * receiver would work, and never lead.
 * @throws StoreError as above
 */
export function checkDirectWay(way: ConnectOptions): Promise<void> {
  return withServer(way, async (client) => {
    await checkServer(client, true);
  });
}

/** Does work on a connection for it alone. @throws StoreError which says where and why */
export async function withServer<T>(
  way: ConnectOptions,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  try {
    return await withRetries(() => onClient(way, work));
  } catch (error) {
    const message = `cannot open the database at ${way.servers.place}: ${describeCause(error)}`;
    throw new StoreError(toStoreError(error).code, message, { cause: error });
  }
}

/** Tries again while the server cannot be reached, for a moment. */
async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  const untilMs = monotonicMs() + OPEN_TIMEOUT_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isStarting = toStoreError(error).code === 'STORE_UNAVAILABLE';
      if (!isStarting || monotonicMs() >= untilMs) throw error;
      await sleep(systemClock, OPEN_PAUSE_MS);
    }
  }
}

/** A connection for this work alone. */
async function onClient<T>(way: ConnectOptions, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connectClient(way);
  try {
    return await work(client);
  } catch (error) {
    // A statement without an answer may still wait on the server. Nothing is cancelled after an answer: PgBouncer ends
    // at a cancellation for a client that has no server connection.
    const isAnswered = error instanceof pg.DatabaseError || error instanceof StoreError;
    if (!isAnswered) await cancelStatement(client);
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}
