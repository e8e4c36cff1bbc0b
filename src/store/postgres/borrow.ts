import type { Pool, PoolClient } from 'pg';
import { type Clock, monotonicMs, systemClock } from '../../runtime/clock.ts';
import { CONNECT_TIMEOUT_MS } from './connect.ts';
import { hasState } from './store-failure.ts';

/** Takes a connection of the pool, and waits for one if need be. Rejects with what the client library throws. */
export type Borrow = () => Promise<PoolClient>;

/** SQLSTATE of a server, database or role that has no connection left. */
export const NO_CONNECTIONS = '53300';

/** How long a pool stays at the size at which the server refused it another connection. */
export const SMALL_POOL_MS = 30_000;

/**
 * A server without a free connection is not down: the pool's open connections work. So the pool gets no larger than it is
 * for a while, and who asked for a connection waits for an open one.
 * @param onRefused called with the number of open connections
 */
export function createBorrow(
  pool: Pool,
  onRefused: (open: number) => void,
  clock: Clock = systemClock,
): Borrow {
  const full = pool.options.max;
  const shrink = () => {
    const open = Math.max(pool.totalCount, 1);
    if (open < pool.options.max) {
      clock.after(SMALL_POOL_MS, () => {
        pool.options.max = full;
      });
    }
    pool.options.max = Math.min(pool.options.max, open);
    onRefused(pool.totalCount);
  };
  return async () => {
    const untilMs = monotonicMs() + CONNECT_TIMEOUT_MS;
    // Several that connect at once are refused one by one, and the pool gives their places to waiting calls.
    for (;;) {
      try {
        return await pool.connect();
      } catch (error) {
        if (!hasState(error, NO_CONNECTIONS)) throw error;
        shrink();
        if (pool.totalCount === 0 || monotonicMs() > untilMs) throw error;
      }
    }
  };
}
