import { uuidTimeMs } from '../../runtime/ids.ts';
import { purgeInSlices } from '../in-slices.ts';
import type { PurgeOutcome } from '../store.ts';
import { TALLY_CLEANUP } from './cleanups.ts';
import { addCounts, addTotals } from './counters.ts';
import type { Database, Query, Statement } from './database.ts';
import { idAt } from './event-ranges.ts';

/** Open deliveries are kept, and so is a failed one whose turn others wait for. */
const KEPT = `(d.status in ('pending', 'processing') or d.turn is not null)`;

/** Ids carry the time of receipt and grow, so walking from the oldest is a walk of the primary key. */
export const OLDEST: Statement<{ id: string; received_at: number; open: boolean }> = {
  name: 'oldest',
  text: `
select e.id, e.received_at, open.number is not null as open
from events e
left join lateral (
  select d.number from deliveries d
  where d.event_id = e.id and ${KEPT} limit 1
) open on true
where e.id > $1 order by e.id limit $2`,
};

/** Sorted, so that two clean-ups cannot deadlock. */
export const LOCK_DOOMED: Statement<{ id: string }> = {
  name: 'lock_doomed',
  text: 'select id from events where id = any($1::uuid[]) order by id for update skip locked',
};

/** Looks again for open deliveries: a replay may have come before the lock. */
export const PURGE: Statement<{ deleted: number; first_id: string | null; last_id: string | null }> = {
  name: 'purge',
  text: `
with doomed as materialized (
  select asked.id from unnest($1::uuid[]) as asked (id)
  where not exists (
    select from deliveries d where d.event_id = asked.id and ${KEPT}
  )
),
marks as (
  delete from replay_marks m using doomed join events e on e.id = doomed.id
  where m.source = e.source and m.event_id = e.id
    and m.digest = any(array[substring(e.replay_digest from 1 for 16), substring(e.replay_digest from 17)])
),
notes as (delete from duplicates n using doomed where n.event_id = doomed.id),
hidden as (delete from erased x using doomed where x.event_id = doomed.id),
searches as (delete from event_search s using doomed where s.event_id = doomed.id),
tries as (delete from attempts a using doomed where a.event_id = doomed.id),
gone as (delete from deliveries d using doomed where d.event_id = doomed.id returning d.destination, d.status, d.replayed_by),
deleted as (delete from events e using doomed where e.id = doomed.id returning e.id),
counted as (${addCounts('gone', {
    completed: `-count(*) filter (where status = 'completed')`,
    failed: `-count(*) filter (where status = 'failed' and replayed_by is null)`,
  })}),
totalled as (${addTotals('(select -count(*) from deleted)', '0')})
select count(*) as deleted, (select id from deleted order by id limit 1) as first_id,
  (select id from deleted order by id desc limit 1) as last_id
from deleted`,
};

/** Ranges that end within a stretch of time and have no event any more. */
export const PURGE_RANGES: Statement = {
  name: 'purge_ranges',
  text: `
delete from event_ranges r
where r.last_ms >= $1::bigint and r.last_ms <= $2::bigint and (
  select e.id from events e where e.id >= ${idAt('r.first_ms')} and e.id < ${idAt('r.last_ms + 1')} order by e.id limit 1
) is null`,
};

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** Events that one transaction of a cleanup deletes. */
const PURGE_SLICE = 200;

/** @see OperateStore.purge */
export function purge(
  { background }: Readonly<{ background: Database }>,
  beforeMs: number,
  limit: number,
  cursor: string | null,
): Promise<PurgeOutcome> {
  return purgeInSlices(PURGE_SLICE, limit, cursor, (slice, at) =>
    background.transaction((query) => purgeSlice(query, beforeMs, slice, at)),
  );
}

/** In a transaction, since what the last statement sees must be later than the lock. */
async function purgeSlice(
  query: Query,
  beforeMs: number,
  limit: number,
  cursor: string | null,
): Promise<PurgeOutcome> {
  const rows = await query(OLDEST, [cursor ?? BEFORE_ALL, limit]);
  const old = rows.filter(({ received_at: at }) => at < beforeMs);
  const isLast = old.length < limit;
  const next = isLast ? null : old.at(-1)!.id;
  const doomed = old.filter(({ open }) => open === false).map(({ id }) => id);
  const deleted = doomed.length === 0 ? 0 : await purgeEvents(query, doomed);
  // Of what is newer than the clean-up goes a node may know the range, and rely on it.
  const upToMs = next === null ? beforeMs - 1 : Math.min(uuidTimeMs(next), beforeMs - 1);
  await query(PURGE_RANGES, [uuidTimeMs(cursor ?? BEFORE_ALL), upToMs]);
  return { deleted, cursor: next };
}

async function purgeEvents(query: Query, doomed: readonly string[]): Promise<number> {
  const locked = await query(LOCK_DOOMED, [doomed]);
  const [row] = await query(PURGE, [locked.map(({ id }) => id)]);
  const { deleted, first_id, last_id } = row!;
  if (deleted > 0) await query(TALLY_CLEANUP, ['events', deleted, first_id, last_id]);
  return deleted;
}
