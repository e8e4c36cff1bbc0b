import { crc32 } from 'node:zlib';
import type { Database, Query, Statement } from './database.ts';
import { splitBatch } from './lane.ts';
import { LOCK_SPACE } from './migrate.ts';

/** The order keys' part of the advisory locks; the inbox's own locks are in the space before. */
const ORDER_SPACE = LOCK_SPACE + 1;

/** How long the server waits for the next statement of a process that holds locks of keys and may be frozen. */
export const LOCKED_TIMEOUT_MS = 5_000;

/** Takes the locks in the given order: sorted, two transactions cannot deadlock. They end with the transaction. */
export const LOCK_KEYS: Statement = {
  name: 'lock_keys',
  text: `
select pg_advisory_xact_lock(${ORDER_SPACE}, asked.key),
  set_config('idle_in_transaction_session_timeout', '${LOCKED_TIMEOUT_MS}', true)
from unnest($1::integer[]) as asked (key)`,
};

/**
 * Most order keys of one transaction. The server has room for some 6,400 locks by default (max_locks_per_transaction x
 * max_connections), and a node holds four times as many as this at most.
 */
export const MAX_ORDER_KEYS = 128;

/** Until the transaction ends, no other one changes turns of these keys. Keys with the same number share a lock. */
export async function lockKeys(query: Query, orderKeys: Iterable<string>): Promise<void> {
  const numbers = numbersOf(orderKeys);
  if (numbers.length > 0) await query(LOCK_KEYS, [numbers]);
}

function numbersOf(orderKeys: Iterable<string>): number[] {
  return [...new Set(Array.from(orderKeys, (key) => crc32(key) | 0))].sort((a, b) => a - b);
}

/** Runs a statement under the locks of its order keys; without keys it is the plain query. */
export type UnderLocks = (orderKeys: ReadonlySet<string>) => Query;

/**
 * A statement that gives or takes a turn reads it from rows that another transaction may be changing. So it locks the key
 * first: behind the lock it sees everything that the transactions before it have committed.
 */
export function createUnderLocks(database: Database): UnderLocks {
  return (orderKeys) => {
    if (orderKeys.size === 0) return database.query;
    const locked = numbersOf(orderKeys);
    return (statement, values = []) => database.queryBehind([LOCK_KEYS, [locked]], statement, values);
  };
}

/** Parts that have no more than `MAX_ORDER_KEYS` order keys, unless one operation alone has. */
export function splitByOrderKeys<Operation>(
  batch: readonly Operation[],
  keysOf: (operation: Operation) => readonly string[],
): (readonly Operation[])[] {
  return splitBatch(batch, () => {
    const keys = new Set<string>();
    return (operation) => {
      for (const key of keysOf(operation)) keys.add(key);
      return keys.size <= MAX_ORDER_KEYS;
    };
  });
}
