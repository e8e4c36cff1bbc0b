import { StoreError } from '../../domain/errors.ts';
import { monotonicMs, sleep, systemClock } from '../../runtime/clock.ts';
import type { Query, Statement } from './database.ts';

/** The transactions that may write events: each has locked the table before it looks at the rows. */
export const EVENT_WRITERS: Statement<{ id: string; pid: number }> = {
  name: 'event_writers',
  text: `
select virtualtransaction as id, pid from pg_locks
where locktype = 'relation' and relation = 'events'::regclass and mode = 'RowExclusiveLock' and granted
  and database = (select oid from pg_database where datname = current_database())`,
};

const PAUSE_MS = 5;
const TIMEOUT_MS = 10_000;

/**
 * Waits until every transaction that writes events now has ended. Those that begin meanwhile are not waited for.
 * @throws StoreError STORE_BUSY when one goes on for too long
 */
export async function awaitWriters(query: Query): Promise<void> {
  const untilMs = monotonicMs() + TIMEOUT_MS;
  let open = await query(EVENT_WRITERS);
  while (open.length > 0) {
    if (monotonicMs() >= untilMs) {
      const pids = open.map(({ pid }) => pid).join(', ');
      throw new StoreError(
        'STORE_BUSY',
        `a transaction has been writing events for ${TIMEOUT_MS / 1000} s (backend ${pids}), and nothing can be ` +
          'erased before it ends: end it, and erase again',
      );
    }
    await sleep(systemClock, PAUSE_MS);
    const still = new Set((await query(EVENT_WRITERS)).map(({ id }) => id));
    open = open.filter(({ id }) => still.has(id));
  }
}
