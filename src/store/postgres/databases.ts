import type { Pool } from 'pg';
import { systemClock } from '../../runtime/clock.ts';
import type { Borrow } from './borrow.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import { ANSWER_TIMEOUT_MS } from './connect.ts';
import { SHARD } from './counters.ts';
import { createDatabase, type Database, type Statement } from './database.ts';
import { probe } from './probe.ts';

/** One pool, two timeouts. */
export type Databases = Readonly<{
  /** Gives up after `INTERACTIVE_TIMEOUT_MS`: for statements that a sender, a probe or a lease waits for. */
  interactive: Database;
  /** Gives up only after the server should have: a claim that is given up costs its deliveries an attempt. */
  background: Database;
  breaker: CircuitBreaker;
  end(): Promise<void>;
}>;

/**
 * Longer than a sync to a busy disk takes at its worst, some five seconds. With the time to connect it is still below
 * the ten seconds in which GitHub, for one, wants its answer.
 */
export const INTERACTIVE_TIMEOUT_MS = 6_000;

/** A commit that changes nothing: a disk that hangs, or a standby that is away, lets a mere question pass. */
export const PING: Statement = {
  name: 'ping',
  text: `insert into totals as t (shard) values (${SHARD}) on conflict (shard) do update set events = t.events`,
};

/** @param named whether statements are prepared by name */
export function createDatabases(pool: Pool, named: boolean, borrow: Borrow): Databases {
  const breaker = createCircuitBreaker(
    (signal) => probe(pool, PING, INTERACTIVE_TIMEOUT_MS, signal),
    systemClock,
  );
  return {
    interactive: createDatabase(pool, breaker, named, INTERACTIVE_TIMEOUT_MS, borrow),
    background: createDatabase(pool, breaker, named, ANSWER_TIMEOUT_MS, borrow),
    breaker,
    async end() {
      breaker.stop();
      await pool.end();
    },
  };
}
