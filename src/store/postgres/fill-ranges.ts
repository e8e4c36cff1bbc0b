import type { ClientBase } from 'pg';
import { type Clock, sleep } from '../../runtime/clock.ts';
import type { Statement } from './database.ts';
import { writeRangesOf } from './event-ranges.ts';

/** The indexes of before. Only programs of before make them, so that where there is one, ranges may be missing. */
const OLD_INDEXES = ['events_by_source', 'events_by_type'];

/** How long after an upgrade nodes of the version before may still accept events, which get no ranges from them. */
const ROLLING_MS = 3_600_000;
/** Events whose ranges are written by one statement. */
const FILL_SLICE = 2_000;
/** Between two of them. */
const FILL_PAUSE_MS = 5;

type StateRow = Readonly<{ is_complete: boolean; may_begin: boolean; reached: string | null; old: boolean }>;

export const RANGE_FILL: Statement<StateRow> = {
  name: 'range_fill',
  text: `
select f.is_complete, extract(epoch from now()) * 1000 >= f.since_ms + ${ROLLING_MS} as may_begin, f.reached::text,
  exists (
    select from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = 'events'::regclass and c.relname in ('${OLD_INDEXES.join("', '")}')
  ) as old
from event_range_fill f where f.single`,
};

/** Whether each event has a range. */
export function areRangesComplete([state]: readonly StateRow[]): boolean {
  return state!.is_complete && !state!.old;
}

/** From new to old. */
export const FILL_RANGES: Statement<{ events: number; reached: string }> = {
  name: 'fill_ranges',
  text: `
with slice as materialized (
  select id, source, event_type from events where id < $1::uuid order by id desc limit ${FILL_SLICE}
),${writeRangesOf('slice')},
kept as (
  update event_range_fill set reached = coalesce((select id from slice order by id limit 1), $1::uuid) where single
)
select count(*)::integer as events, (select id::text from slice order by id limit 1) as reached from slice`,
};

const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * Writes the ranges of events that programs of before have accepted, once none of these is at work, and drops the indexes
 * that searches use until then. Goes on where it was cut off.
 * @param client under a lock, so that one node does it
 * @param onBegin called when there is something to do
 * @returns whether all is done
 */
export async function fillRanges(
  client: ClientBase,
  clock: Clock,
  signal: AbortSignal,
  onBegin: () => void,
): Promise<boolean> {
  const read = async () => (await client.query<StateRow>(RANGE_FILL.text)).rows[0]!;
  let state = await read();
  if (areRangesComplete([state])) return true;
  if (state.is_complete) {
    // A program of before has been started since.
    await client.query(
      'update event_range_fill set is_complete = false, reached = null, since_ms = extract(epoch from now()) * 1000',
    );
    state = await read();
  }
  if (!state.may_begin) return false;
  onBegin();
  let reached = state.reached ?? AFTER_ALL;
  for (let events = FILL_SLICE; events === FILL_SLICE; ) {
    const { rows } = await client.query(FILL_RANGES.text, [reached]);
    events = rows[0].events;
    reached = rows[0].reached ?? reached;
    await sleep(clock, FILL_PAUSE_MS, signal);
    if (signal.aborted) return false;
  }
  for (const name of OLD_INDEXES) await client.query(`drop index concurrently if exists ${name}`);
  await client.query('update event_range_fill set is_complete = true');
  return true;
}
