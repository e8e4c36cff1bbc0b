import type { Pool } from 'pg';
import { systemClock } from '../../runtime/clock.ts';
import { type BackOff, createBackOff, NO_BACK_OFF } from './back-off.ts';
import { ANSWER_PATIENCE_MS } from './connect.ts';
import { createDatabase, type Database } from './database.ts';
import { PING } from './ping.ts';

/** One pool, for those who are in a hurry and those who are not. */
export type Databases = Readonly<{
  /** Gives up after `PROMPT_PATIENCE_MS`: for what a sender waits for, or a prober, or a lease. */
  prompt: Database;
  /** Gives up only when the server should have done so itself: a claim that is given up costs its deliveries a try. */
  patient: Database;
  backOff: BackOff;
  end(): Promise<void>;
}>;

/**
 * Longer than a sync to a busy disk takes at its worst, some five seconds. With the time to connect it is still below
 * the ten seconds in which GitHub, for one, wants its answer.
 */
export const PROMPT_PATIENCE_MS = 6_000;

/** @param named whether statements are prepared by name */
export function createDatabases(pool: Pool, named: boolean): Databases {
  // A commit: a disk that stands still lets everything else pass.
  const probing = createDatabase(pool, NO_BACK_OFF, named, PROMPT_PATIENCE_MS);
  const backOff = createBackOff(() => probing.query(PING), systemClock);
  return {
    prompt: createDatabase(pool, backOff, named, PROMPT_PATIENCE_MS),
    patient: createDatabase(pool, backOff, named, ANSWER_PATIENCE_MS),
    backOff,
    async end() {
      backOff.stop();
      await pool.end();
    },
  };
}
