import type { Pool } from 'pg';
import { systemClock } from '../../runtime/clock.ts';
import { ALWAYS_CLOSED, type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import { ANSWER_TIMEOUT_MS } from './connect.ts';
import { createDatabase, type Database } from './database.ts';
import { PING } from './ping.ts';

/** One pool, for those who are in a hurry and those who are not. */
export type Databases = Readonly<{
  /** Gives up after `INTERACTIVE_TIMEOUT_MS`: for what a sender waits for, or a prober, or a lease. */
  interactive: Database;
  /** Gives up only when the server should have done so itself: a claim that is given up costs its deliveries a try. */
  background: Database;
  breaker: CircuitBreaker;
  end(): Promise<void>;
}>;

/**
 * Longer than a sync to a busy disk takes at its worst, some five seconds. With the time to connect it is still below
 * the ten seconds in which GitHub, for one, wants its answer.
 */
export const INTERACTIVE_TIMEOUT_MS = 6_000;

/** @param named whether statements are prepared by name */
export function createDatabases(pool: Pool, named: boolean): Databases {
  // A commit: a disk that stands still lets everything else pass.
  const probing = createDatabase(pool, ALWAYS_CLOSED, named, INTERACTIVE_TIMEOUT_MS);
  const breaker = createCircuitBreaker(() => probing.query(PING), systemClock);
  return {
    interactive: createDatabase(pool, breaker, named, INTERACTIVE_TIMEOUT_MS),
    background: createDatabase(pool, breaker, named, ANSWER_TIMEOUT_MS),
    breaker,
    async end() {
      breaker.stop();
      await pool.end();
    },
  };
}
