import { crc32 } from 'node:zlib';
import type { Database, Query, Statement } from './database.ts';
import { splitBatch } from './lane.ts';
import { LOCK_SPACE } from './migrate.ts';

/** The order keys' part of the advisory locks; the inbox's own locks are in the space before. */
const ORDER_SPACE = LOCK_SPACE + 1;

/** How long the server waits for the next statement of a process that holds locks of keys, and may stand still. */
export const LOCKED_TIMEOUT_MS = 5_000;

/** In the order given, so that of two that share keys neither waits for the other in a circle. They end with the transaction. */
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

/** Nobody else changes turns of these keys until the transaction ends. Keys that share a number wait for each other. */
export async function lockKeys(query: Query, orderKeys: Iterable<string>): Promise<void> {
  const numbers = numbersOf(orderKeys);
  if (numbers.length > 0) await query(LOCK_KEYS, [numbers]);
}

function numbersOf(orderKeys: Iterable<string>): number[] {
  return [...new Set(Array.from(orderKeys, (key) => crc32(key) | 0))].sort((a, b) => a - b);
}

/** Runs a statement while nobody else changes turns of the keys; without keys it is the plain query. */
export type UnderLocks = (orderKeys: ReadonlySet<string>) => Query;

/**
 * Who has the turn is read from rows that another transaction may be changing. So whoever gives or takes a turn locks
 * its key first: the statement behind the lock sees all that those before it have committed.
 */
export function createUnderLocks(database: Database): UnderLocks {
  return (orderKeys) => {
    if (orderKeys.size === 0) return database.query;
    const locked = numbersOf(orderKeys);
    return async (statement, values = []) => {
      const [, rows] = await database.together([
        [LOCK_KEYS, [locked]],
        [statement, values],
      ]);
      return rows!;
    };
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
