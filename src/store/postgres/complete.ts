import type { PoolClient } from 'pg';
import { StoreError, TransactionError } from '../../domain/errors.ts';
import { createSemaphore } from '../../runtime/semaphore.ts';
import type { CompleteStore } from '../store.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { type Borrow, NO_CONNECTIONS } from './borrow.ts';
import { discard } from './cancel.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { isExpired } from './connect.ts';
import type { Query, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';
import { TRIED } from './in-doubt.ts';
import { beginWithin, MAY_NOT_DROP } from './open-transaction.ts';
import { lockKeys } from './order-locks.ts';
import { keysToPass, type Settle, settleAll } from './settle.ts';
import { hasState, isOutcomeUnknown, readOnlyRefusal, toStoreError } from './store-failure.ts';
import type { Walks } from './walks.ts';

type Complete = CompleteStore['completeWithin'];

export type CompletionParts = Readonly<{
  /** Connections beside the pool, so that slow handlers keep none from accepts and claims. */
  borrow: Borrow;
  /** How many there may be; a completion that finds none free waits. */
  maxOpen: number;
  breaker: CircuitBreaker;
  /** Whether statements are prepared by name; a pooler in transaction mode may not support that. */
  named: boolean;
  /** Any other connection. */
  query: Query;
  due: Walks;
}>;

/**
 * Completions, each in a transaction on its own connection.
 * @see CompleteStore
 */
export function createCompletions(parts: CompletionParts): Complete {
  const { borrow, maxOpen, breaker } = parts;
  const semaphore = createSemaphore(maxOpen);
  return async (...request) => {
    const giveBack = await semaphore.take(request[3]);
    try {
      const error = breaker.error();
      if (error !== null) throw error;
      // After a fail-over all open connections may lead to the old server. A new one does not.
      for (let left = maxOpen; ; left--) {
        const outcome = await completeOn(await connect(borrow, breaker), parts, request);
        if (outcome !== 'read_only') return outcome;
        if (left === 0) throw toStoreError(readOnlyRefusal());
      }
    } finally {
      giveBack();
    }
  };
}

async function connect(borrow: Borrow, breaker: CircuitBreaker): Promise<PoolClient> {
  try {
    const client = await borrow();
    breaker.onSuccess();
    return client;
  } catch (thrown) {
    const error = toStoreError(thrown);
    // Without a connection left for a handler, the node's other connections still work.
    if (error.code === 'STORE_UNAVAILABLE' && !hasState(error, NO_CONNECTIONS)) breaker.onFailure(error);
    throw error;
  }
}

async function completeOn(
  client: PoolClient,
  { named, query: elsewhere, due }: CompletionParts,
  [lease, work, finish, signal]: Parameters<Complete>,
): Promise<'completed' | 'lost' | 'read_only'> {
  let isSound = false;
  try {
    const open = await ofStore(beginWithin(client, lease));
    if (open === 'read_only') return open;
    if (open === null) {
      isSound = await rollback(client);
      return 'lost';
    }
    try {
      await unlessAborted(async () => {
        await work(open.tx);
        await open.endWork();
      }, signal);
    } catch (error) {
      open.revoke();
      // A statement may still be under way: then it is cancelled and the connection closed, and the server rolls back.
      isSound = signal?.aborted !== true && (await rollback(client));
      throw error;
    }
    const settle: Settle = {
      lease,
      settlement: { kind: 'completed' },
      ...finish(),
    };
    const settled = await ofStore(settleOn(client, settle, named).catch(explainDroppedStatements));
    if (settled.outcomes[0] === 'lost') {
      isSound = await rollback(client);
      return 'lost';
    }
    // What fails may be committed yet.
    const committed = await commit(client, elsewhere, settle).finally(() => due.lower(settled.dueAtMs));
    isSound = true;
    return committed;
  } finally {
    if (isSound) client.release(isExpired(client));
    else void discard(client);
  }
}

async function settleOn(client: PoolClient, settle: Settle, named: boolean) {
  const query: Query = async ({ name, text }, values = []) => {
    const { rows } = await client.query({ ...(named && { name }), text, values: values as unknown[] });
    return rows;
  };
  // A delivery that has the turn of its order key passes it on, which an overlapping insert of the key must see.
  await lockKeys(query, keysToPass([settle]));
  return settleAll(query, [settle]);
}

const NO_STATEMENT = '26000';

/** The client prepares a statement once for each connection. Only a handler that drops statements by stealth gets here. */
function explainDroppedStatements(error: unknown): never {
  if (!hasState(error, NO_STATEMENT)) throw error;
  throw new TransactionError(MAY_NOT_DROP, { cause: error });
}

/** @throws StoreError, which says so when it cannot be found out whether the commit took place */
async function commit(client: PoolClient, elsewhere: Query, settle: Settle): Promise<'completed'> {
  try {
    await client.query('commit');
  } catch (error) {
    const failure = toStoreError(error);
    // A constraint of the handler's own that is checked now.
    if (failure.code === 'STORE_INTERNAL') throw error;
    if (!isOutcomeUnknown(error)) throw failure;
    if (!(await isTried(elsewhere, settle).catch((cause: unknown) => unknown(cause)))) throw failure;
  }
  return 'completed';
}

function unknown(cause: unknown): never {
  const { code, message } = toStoreError(cause);
  throw new StoreError(code, `whether the transaction was committed is not known: ${message}`, { cause });
}

/**
 * Whether the attempt is in the table. A commit that is still under way holds the lock of the delivery's row, so that lock
 * is waited for first.
 */
async function isTried(query: Query, { lease, attempt }: Settle): Promise<boolean> {
  const { eventId, number } = deliveryKey(lease.deliveryId);
  await query(AWAITED, [eventId, number]);
  const rows = await query(TRIED, [
    [eventId],
    [number],
    [attempt!.number],
    [attempt!.startedAtMs],
    [attempt!.endedAtMs],
  ]);
  return rows.length > 0;
}

export const AWAITED: Statement = {
  name: 'completion_awaited',
  text: 'select 1 as n from deliveries where event_id = $1 and number = $2 for update',
};

/** @returns whether the connection may be used again */
function rollback(client: PoolClient): Promise<boolean> {
  return client.query('rollback').then(
    () => true,
    () => false,
  );
}

function ofStore<T>(statement: Promise<T>): Promise<T> {
  return statement.catch((error: unknown) => {
    throw error instanceof TransactionError ? error : toStoreError(error);
  });
}
