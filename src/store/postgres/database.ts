import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
import { systemClock } from '../../runtime/clock.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { isSerializationFailure, isTimeoutError, TimeoutError, toStoreError } from './store-failure.ts';

/** A statement of the program; its name is that of its plan in each session. */
export type Statement = Readonly<{ name: string; text: string }>;

export type Row = Record<string, unknown>;

/** Runs one statement and returns its rows. @throws StoreError */
export type Query = (statement: Statement, values?: readonly unknown[]) => Promise<Row[]>;

/** What verbs that only ask need. */
export type QueryContext = Readonly<{ query: Query }>;

export type Database = Readonly<{
  /** One statement is one transaction: it has committed when this resolves. */
  query: Query;
  /**
   * Runs statements that do not depend on each other's answers in a transaction, in their order, each with a snapshot of
   * its own. All of them are sent at once: it costs one round trip.
   * @returns the rows of each
   */
  together(statements: readonly (readonly [Statement, readonly unknown[]])[]): Promise<Row[][]>;
  /** Runs several statements in a transaction on one connection. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
}>;

/** A session behind a pooler may have another default. */
const BEGIN = 'begin isolation level read committed';

/** Times that a statement is sent again after it gave way to another one. */
const CONFLICT_TRIES = 3;

/**
 * The pool with what every use of it needs: errors turned into StoreErrors, a pause while the server is away, and
 * connections thrown away once they have failed.
 * @param named whether statements are prepared by name; a pooler in transaction mode may not bear that
 * @param timeoutMs how long a statement may take. The connection of one that takes longer is ended; whether the
 *   statement is committed yet nobody knows then
 */
export function createDatabase(
  pool: Pool,
  breaker: CircuitBreaker,
  named: boolean,
  timeoutMs: number,
): Database {
  const control = (client: PoolClient, text: string) => ask(client, { text }, timeoutMs);
  const send = async (client: PoolClient, { name, text }: Statement, values: readonly unknown[]) => {
    const query = { ...(named && { name }), text, values: values as unknown[] };
    return (await ask(client, query, timeoutMs)).rows;
  };

  const withClient = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    const failure = breaker.error();
    if (failure !== null) throw failure;
    let client: PoolClient | null = null;
    try {
      client = await pool.connect();
      const result = await work(client);
      client.release();
      breaker.onSuccess();
      return result;
    } catch (thrown) {
      const error = toStoreError(thrown);
      const isAway = error.code === 'STORE_UNAVAILABLE';
      if (isAway) breaker.onFailure(error);
      if (isTimeoutError(thrown)) dropIdle(pool);
      client?.release(isAway || error.code === 'STORE_BUSY');
      throw error;
    }
  };

  /** The commit of a transaction that has failed is a rollback: the first failure is the one to tell. */
  const sendTogether = async (
    client: PoolClient,
    statements: readonly (readonly [Statement, readonly unknown[]])[],
  ): Promise<Row[][]> => {
    const begun = control(client, BEGIN);
    const sent = statements.map(([statement, values]) => send(client, statement, values));
    const ended = await Promise.allSettled([begun, ...sent, control(client, 'commit')]);
    const failure = ended.find((one) => one.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    return Promise.all(sent);
  };

  const retryOnConflict = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (tries === CONFLICT_TRIES || !isSerializationFailure((error as Error).cause)) throw error;
      }
    }
  };

  const runOnce = (statement: Statement, values: readonly unknown[]) =>
    withClient((client) => send(client, statement, values));

  return {
    query: (statement, values = []) => retryOnConflict(() => runOnce(statement, values)),
    together: (statements) => retryOnConflict(() => withClient((client) => sendTogether(client, statements))),
    transaction: (work) =>
      withClient(async (client) => {
        await control(client, BEGIN);
        try {
          const result = await work((statement, values = []) => send(client, statement, values));
          await control(client, 'commit');
          return result;
        } catch (error) {
          await control(client, 'rollback').catch(() => {});
          throw error;
        }
      }),
  };
}

/**
 * By callback and with a timer of its own: the client's promises and timers keep what was sent out of reach of all but
 * a full collection, of which several a second were due under load.
 */
function ask(client: PoolClient, query: QueryConfig, timeoutMs: number): Promise<QueryResult<Row>> {
  return new Promise((resolve, reject) => {
    const stopWaiting = systemClock.after(timeoutMs, () => reject(new TimeoutError(timeoutMs)));
    client.query<Row>(query, (error, result) => {
      stopWaiting();
      if (error) reject(error);
      else resolve(result);
    });
  });
}

/** Where one connection was given up, those that lie idle may be as dead, and each would have to be found out. */
function dropIdle(pool: Pool): void {
  for (let left = pool.idleCount; left > 0; left--) {
    pool.connect().then(
      (client) => client.release(true),
      () => {},
    );
  }
}
