import { NEVER_MS } from '../../domain/order.ts';
import type { Verbs } from '../forward.ts';
import { type StateRow, toKept } from '../rows.ts';
import type { DestinationStore } from '../store.ts';
import { appendAudit } from './audit.ts';
import { IS_PENDING } from './claim-by-ids.ts';
import { addCounts, addTotals } from './counters.ts';
import type { Database, Query, QueryContext, Statement } from './database.ts';
import { cursorOf, type DueRow, readCursor } from './due.ts';
import type { Walks } from './walks.ts';

/** A row for each destination that was ever held, limited or tripped: read whole on purpose. */
export const READ_DESTINATIONS: Statement<StateRow> = {
  name: 'read_destinations',
  text: 'select destination, version, state from destination_state order by destination',
};

/** Two that insert at once meet in the primary key, and the second finds a version that it did not expect. */
export const CHANGE_DESTINATION: Statement = {
  name: 'change_destination',
  text: `
insert into destination_state as d (destination, version, state, freed_at)
select $1, $2::bigint + 1, $3, $4::bigint
where $2::bigint = 0 or exists (select from destination_state where destination = $1 and version = $2::bigint)
on conflict (destination) do update
  set version = excluded.version, state = excluded.state, freed_at = excluded.freed_at
  where d.version = $2::bigint
returning destination`,
};

/**
 * Walks the due index, and looks at each delivery of the page by its key. One that another statement has just taken is
 * passed over: it is not pending any more, or will be looked at again.
 */
export const HOLD_PENDING: Statement<
  DueRow & Readonly<{ held: number; seen: number; first: number | null }>
> = {
  name: 'hold_pending',
  text: `
with page as materialized (
  select event_id, number, due_at from deliveries
  where destination = $1 and status = 'pending' and due_at <= $2::bigint
    and (due_at, event_id, number) > ($4::bigint, $5::uuid, $6::integer)
  order by due_at, event_id, number limit $7::integer
), found as materialized (
  select p.event_id, p.number, d.held, d.is_due_retry
  from page p cross join lateral (
    select held, (attempts > 0 and due_at <= $3::bigint and due_at <> created_at) as is_due_retry from deliveries
    where event_id = p.event_id and number = p.number and ${IS_PENDING}
    for update skip locked
  ) d
), changed as (
  update deliveries d set held = 1, due_at = case when f.is_due_retry then d.created_at else d.due_at end
  from found f
  where d.event_id = f.event_id and d.number = f.number and (f.held is null or f.is_due_retry)
  returning d.destination, d.due_at, f.held as was_held
), new as materialized (select destination from changed where was_held is null),
counted as (${addCounts('new', { held: 'count(*)' })}),
totalled as (${addTotals('0', '(select -count(*) from new)')})
select due_at, event_id, number, (select count(*)::integer from new) as held,
  (select count(*)::integer from page) as seen, (select min(due_at) from changed) as first
from page order by due_at desc, event_id desc, number desc limit 1`,
};

export const COUNT_UNHELD: Statement<{ unheld: number }> = {
  name: 'count_unheld',
  text: `
select (coalesce(sum(pending), 0) - coalesce(sum(held), 0))::bigint as unheld
from delivery_counts where destination = $1`,
};

/** Comes before every delivery of its due time. */
const FIRST_ID = { eventId: '00000000-0000-0000-0000-000000000000', number: 0 };

const toOutcome = (isChanged: boolean) => (isChanged ? 'changed' : 'outdated');

/** @see DestinationStore */
export const destinationVerbs: Verbs<
  QueryContext & Readonly<{ background: Database; due: Walks }>,
  keyof DestinationStore
> = {
  async readDestinations({ query }) {
    return (await query(READ_DESTINATIONS)).map(toKept);
  },
  changeDestination({ query, background }, destination, version, state, entry) {
    const values = [destination, version, JSON.stringify(state), state.freedAtMs];
    const change = async (on: Query) => (await on(CHANGE_DESTINATION, values)).length > 0;
    if (entry === null) return change(query).then(toOutcome);
    return background.transaction(async (within) => {
      const isChanged = await change(within);
      if (isChanged) await appendAudit(within, entry);
      return toOutcome(isChanged);
    });
  },
  async countUnheld({ query }, destination) {
    return (await query(COUNT_UNHELD, [destination]))[0]!.unheld;
  },
  async holdPending({ query, due }, destination, { fromMs, untilMs }, nowMs, limit, after) {
    const { dueAtMs, eventId, number } =
      after === null ? { dueAtMs: Math.max(fromMs, -1), ...FIRST_ID } : readCursor(after);
    const most = Math.min(untilMs, NEVER_MS);
    const values = [destination, most, nowMs, dueAtMs, eventId, number, limit];
    const [last] = await query(HOLD_PENDING, values);
    if (last === undefined) return { held: 0, next: null };
    // A retry that is due since its creation may lie before the place of a walk.
    if (last.first !== null) due.lower(last.first);
    return { held: last.held, next: last.seen < limit ? null : cursorOf(last) };
  },
};
