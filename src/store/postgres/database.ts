import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
import { systemClock } from '../../runtime/clock.ts';
import type { Borrow } from './borrow.ts';
import { discard } from './cancel.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { isExpired } from './connect.ts';
import {
  hasState,
  isSerializationFailure,
  isTimeoutError,
  READ_ONLY,
  TimeoutError,
  toStoreError,
} from './store-failure.ts';

export type Row = Record<string, unknown>;

/** A statement of the program. A session keeps its plan under the name. */
export type Statement<Found = Row> = Readonly<{
  name: string;
  text: string;
  /** Never set: it carries the type of the rows. */
  found?: Found;
}>;

/** Runs one statement and returns its rows. @throws StoreError */
export type Query = <Found = Row>(
  statement: Statement<Found>,
  values?: readonly unknown[],
) => Promise<Found[]>;

/** What verbs need that only read. */
export type QueryContext = Readonly<{ query: Query }>;

export type Database = Readonly<{
  /** One statement is one transaction: it has committed when this resolves. */
  query: Query;
  /**
   * Runs a statement in a transaction behind another one, each with a snapshot of its own. Both are sent at once, so it
   * costs one round trip.
   * @returns the rows of the second one
   */
  queryBehind<Found>(
    first: readonly [Statement, readonly unknown[]],
    statement: Statement<Found>,
    values: readonly unknown[],
  ): Promise<Found[]>;
  /** Runs several statements in a transaction on one connection. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
}>;

/** A session behind a pooler may have another default. */
const BEGIN = 'begin isolation level read committed';

/** Attempts at a statement that the server rolls back for the sake of another one. */
const CONFLICT_TRIES = 3;

/**
 * The pool with what every use of it needs: errors become StoreErrors, a database that is down is left alone for a while,
 * and a connection that has failed is closed.
 * @param named whether statements are prepared by name; a pooler in transaction mode may not support that
 * @param timeoutMs how long a statement may take. The connection of one that takes longer is closed; whether the
 *   statement is committed yet is then unknown
 * @param borrow takes a connection of the pool
 */
export function createDatabase(
  pool: Pool,
  breaker: CircuitBreaker,
  named: boolean,
  timeoutMs: number,
  borrow: Borrow = () => pool.connect(),
): Database {
  const withClient = createWithClient(pool, borrow, breaker);
  const control = (client: PoolClient, text: string) => ask(client, { text }, timeoutMs);
  const send = async <Found>(
    client: PoolClient,
    { name, text }: Statement<Found>,
    values: readonly unknown[],
  ): Promise<Found[]> => {
    const query = { ...(named && { name }), text, values: values as unknown[] };
    // The only place where a row gets its type.
    return (await ask(client, query, timeoutMs)).rows as Found[];
  };
  return {
    query: (statement, values = []) =>
      retryOnConflict(() => withClient((client) => send(client, statement, values))),
    queryBehind: (first, statement, values) =>
      retryOnConflict(() =>
        withClient(async (client) => {
          const begun = control(client, BEGIN);
          const before = send(client, ...first);
          const sent = send(client, statement, values);
          const ended = await Promise.allSettled([begun, before, sent, control(client, 'commit')]);
          // The commit of a transaction that has failed is a rollback: the first failure is the one to report.
          const failure = ended.find((one) => one.status === 'rejected');
          if (failure !== undefined) throw failure.reason;
          return sent;
        }),
      ),
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

/** Runs work on a connection of the pool. @throws StoreError */
function createWithClient(pool: Pool, borrow: Borrow, breaker: CircuitBreaker) {
  return async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    const failure = breaker.error();
    if (failure !== null) throw failure;
    let client: PoolClient | null = null;
    try {
      client = await borrow();
      const result = await work(client);
      client.release(isExpired(client));
      breaker.onSuccess();
      return result;
    } catch (thrown) {
      const error = toStoreError(thrown);
      const isAway = error.code === 'STORE_UNAVAILABLE';
      if (isAway) breaker.onFailure(error);
      if (isTimeoutError(thrown) || hasState(thrown, READ_ONLY)) dropIdle(pool);
      if (client !== null && isTimeoutError(thrown)) void discard(client);
      else client?.release(isAway || error.code === 'STORE_BUSY');
      throw error;
    }
  };
}

async function retryOnConflict<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === CONFLICT_TRIES || !isSerializationFailure((error as Error).cause)) throw error;
    }
  }
}

/**
 * By callback and with a timer of its own: the client's promises and timers keep what was sent reachable until the next
 * full collection, and under load several of those were due each second.
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

/**
 * When one connection gives no answer, the idle ones may be dead too, and each would cost a statement its timeout. When one
 * leads to a server that takes no writes any more, so do they all.
 */
function dropIdle(pool: Pool): void {
  for (let left = pool.idleCount; left > 0; left--) {
    pool.connect().then(
      (client) => client.release(true),
      () => {},
    );
  }
}
