import type { ClientBase } from 'pg';
import { monotonicMs } from '../../runtime/clock.ts';

/**
 * The age of the oldest snapshot that a transaction of this database holds. What was updated or deleted since then cannot
 * be removed. Sessions of other roles are seen only by a member of pg_read_all_stats. Standbys, by their feedback or their
 * replication slot, show what they hold as the number of a transaction, which has no time.
 */
const HELD = `
  select
    (select coalesce(extract(epoch from max(clock_timestamp() - since)), 0) * 1000 from (
      select xact_start as since from pg_stat_activity
      where datname = current_database() and backend_xmin is not null and pid <> pg_backend_pid()
      union all
      select prepared from pg_prepared_xacts where database = current_database()
    ) as transactions) as age_ms,
    (select coalesce(max(age(xmin)), 0) from (
      select xmin from pg_replication_slots where wal_status is distinct from 'lost'
      union all
      select backend_xmin from pg_stat_replication
    ) as standbys) as behind,
    pg_snapshot_xmax(pg_current_snapshot())::text as next_xid`;

/** An hour of looks every ten seconds: what is older is an hour old. */
const MOST_SEEN = 360;

type Seen = Readonly<{ nextXid: number; atMs: number }>;

/** Makes a function that reads for how long the oldest snapshot has been held, in milliseconds; 0 when none is. */
export function createOldestSnapshot(
  nowMs: () => number = monotonicMs,
): (client: ClientBase) => Promise<number> {
  let seen: readonly Seen[] = [];
  return async (client) => {
    const { rows } = await client.query<{ age_ms: string; behind: number; next_xid: string }>(HELD);
    const { age_ms, behind, next_xid } = rows[0]!;
    const now = { nextXid: Number(next_xid), atMs: nowMs() };
    seen = [...seen, now].slice(-MOST_SEEN);
    return Math.max(Math.round(Number(age_ms)), ageOf(now.nextXid - behind, seen), 0);
  };
}

/**
 * For how long a transaction's number has been the oldest in use, as far as is known.
 * @param seen which number was the next at which time, the last one now
 */
export function ageOf(heldXid: number, seen: readonly Seen[]): number {
  const now = seen.at(-1)!;
  const since = seen.findLast(({ nextXid }) => nextXid <= heldXid) ?? seen[0]!;
  return now.atMs - since.atMs;
}
