import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import { IS_PENDING } from './claim-by-ids.ts';
import { addCounts, addOrderCounts, addTotals, HELD, PENDING } from './counters.ts';
import type { Statement } from './database.ts';
import { CHANNEL } from './session-link.ts';
import { dueAt, passTurns } from './turn.ts';

/** The statements of the steps of bulk operations: each takes the whole step, under the locks that the step has taken. */

const ASKED = 'unnest($1::uuid[], $2::integer[]) as asked (event_id, number)';
const OF_ASKED = 'd.event_id = asked.event_id and d.number = asked.number';

/** Against a clean-up, an erase and another replay, which would take the same numbers. Sorted, so that two cannot deadlock. */
export const LOCK_EVENTS: Statement = {
  name: 'lock_events',
  text: 'select from events where id = any($1::uuid[]) order by id for no key update',
};

export const COUNT_PENDING: Statement<{ pending: number }> = { name: 'count_pending', text: PENDING };
export const COUNT_HELD: Statement<{ held: number }> = { name: 'count_held', text: HELD };

/** How many of the deliveries are for these destinations. */
export const COUNT_TARGETS_OF: Statement<{ count: number }> = {
  name: 'count_targets_of',
  text: `
select count(*)::integer as count from ${ASKED} join deliveries d on ${OF_ASKED} where d.destination = any($3::text[])`,
};

export const KEYS_OF_TARGETS: Statement<{ event_id: string; number: number; order_key: string }> = {
  name: 'keys_of_targets',
  text: `
select d.event_id, d.number, d.order_key from ${ASKED} join deliveries d on ${OF_ASKED}
where d.order_key is not null`,
};

export type TargetRow = Readonly<{
  event_id: string;
  number: number;
  status: DeliveryStatus;
  destination: string;
  order_key: string | null;
  turn: Turn | null;
  position: number | null;
  held: 1 | null;
  sent_as: number | null;
  /** Its first replay, also one that a program of the version before has made. */
  replayed_by: number | null;
  /** It does not count as a dead letter any more. */
  is_counted_out: boolean;
  is_erased: boolean;
  /** The greatest number of a delivery of the event. */
  last: number;
  /** Whether a delivery holds the turn of its key. */
  has_holder: boolean;
}>;

export const READ_TARGETS: Statement<TargetRow> = {
  name: 'read_targets',
  text: `
select d.event_id, d.number, d.status, d.destination, d.order_key, d.turn, d.position, d.held, d.sent_as,
  coalesce(d.replayed_by, (
    select r.number from deliveries r where r.event_id = d.event_id and r.replay_of = d.number order by r.number limit 1
  )) as replayed_by,
  d.replayed_by is not null as is_counted_out,
  exists (select from erased x where x.event_id = d.event_id and x.erased_at is not null) as is_erased,
  (select l.number from deliveries l where l.event_id = d.event_id order by l.number desc limit 1) as last,
  exists (
    select from deliveries h where h.destination = d.destination and h.order_key = d.order_key and h.turn = 'holds'
  ) as has_holder
from ${ASKED} join deliveries d on ${OF_ASKED}`,
};

/** Turns are taken away before they are given, since a key has one. */
export const SUPERSEDE: Statement = {
  name: 'supersede',
  text: `
update deliveries d set turn = null, replayed_by = coalesce(d.replayed_by, asked.replayed_by)
from unnest($1::uuid[], $2::integer[], $3::integer[]) as asked (event_id, number, replayed_by) where ${OF_ASKED}`,
};

export const MAKE: Statement<{ event_id: string; number: number; due_at: number }> = {
  name: 'make_deliveries',
  text: `
insert into deliveries (
  event_id, number, destination, status, attempts, due_at, created_at, updated_at, replay_of, sent_as, order_key, turn,
  position, held
)
select event_id, number, destination, 'pending', 0, ${dueAt('turn', '$1::bigint')}, $1, $1, replay_of, sent_as,
  order_key, turn, coalesce(position, case when order_key is not null then nextval('delivery_positions') end), held
from unnest(
  $2::uuid[], $3::integer[], $4::text[], $5::integer[], $6::integer[], $7::text[], $8::text[], $9::bigint[], $10::integer[]
) with ordinality as t (event_id, number, destination, replay_of, sent_as, order_key, turn, position, held, n)
order by n
returning event_id, number, due_at`,
};

/** What a step changed, by destination. */
export const COUNT_STEP: Statement = {
  name: 'count_step',
  text: `
with changes as (
  select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
    as t (destination, pending, failed, held, waiting, blocked)
),
order_counted as (${addOrderCounts('changes')}),
counted as (${addCounts('changes', { pending: 'sum(pending)', failed: 'sum(failed)', held: 'sum(held)' })}),
totalled as (${addTotals('0', '(select coalesce(sum(pending - held), 0) from changes)')})
select 1`,
};

/** Passes the turns of keys that were given up. They may have been due for days, further back than other nodes look. */
export const PASS_TURNS: Statement<{
  event_id: string;
  number: number;
  destination: string;
  due_at: number;
}> = {
  name: 'pass_turns',
  text: `
with freed as materialized (select * from unnest($1::text[], $2::text[]) as t (destination, order_key)),
passed as (${passTurns('freed')})
select event_id, number, destination, due_at, pg_notify('${CHANNEL}', ' ' || due_at) as announced from passed`,
};

/** One that is just being claimed is passed over. */
export const LOCK_PENDING: Statement<{ event_id: string; number: number }> = {
  name: 'lock_pending',
  text: `
select d.event_id, d.number from ${ASKED} cross join lateral (
  select event_id, number from deliveries
  where event_id = asked.event_id and number = asked.number and ${IS_PENDING}
  for update skip locked
) d`,
};

export const GIVE_UP: Statement = {
  name: 'give_up',
  text: `
update deliveries d set status = 'failed', last_error = $3, updated_at = $4::bigint, turn = null, held = null,
  due_at = case when d.turn = 'waits' then $4::bigint else d.due_at end
from ${ASKED} where ${OF_ASKED}`,
};

export const UNBLOCK: Statement = {
  name: 'unblock',
  text: `update deliveries d set turn = null from ${ASKED} where ${OF_ASKED}`,
};

export type MadeRow = Readonly<{
  event_id: string;
  number: number;
  destination: string;
  order_key: string | null;
  turn: Turn | null;
  held: 1 | null;
  replay_of: number | null;
}>;

/** Removes deliveries that nobody has ever claimed: a claim sets `updated_at`. */
export const REMOVE_UNTRIED: Statement<MadeRow> = {
  name: 'remove_untried',
  text: `
delete from deliveries d using ${ASKED}
where ${OF_ASKED} and ${IS_PENDING} and d.attempts = 0 and d.updated_at = d.created_at
returning d.event_id, d.number, d.destination, d.order_key, d.turn, d.held, d.replay_of`,
};

/** As they were before they were repeated, unless they have another replay. */
export const RESTORE: Statement<{ event_id: string; number: number; is_listed: boolean }> = {
  name: 'restore',
  text: `
update deliveries d set turn = coalesce(asked.turn, d.turn),
  replayed_by = case when d.replayed_by = asked.made then (
    select r.number from deliveries r where r.event_id = d.event_id and r.replay_of = d.number order by r.number limit 1
  ) else d.replayed_by end
from unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[]) as asked (event_id, number, made, turn)
where ${OF_ASKED}
returning d.event_id, d.number, d.status = 'failed' and d.replayed_by is null as is_listed`,
};

export type RoutedRow = Readonly<{
  event_id: string;
  is_erased: boolean;
  last: number | null;
  has_delivery: boolean;
}>;

export const READ_ROUTED: Statement<RoutedRow> = {
  name: 'read_routed',
  text: `
select e.id as event_id,
  (
    select x.erased_at from erased x where x.event_id = e.id and x.erased_at is not null limit 1
  ) is not null as is_erased,
  (select l.number from deliveries l where l.event_id = e.id order by l.number desc limit 1) as last,
  exists (
    select from unnest($2::uuid[], $3::text[]) as asked (event_id, destination)
    join deliveries d on d.event_id = asked.event_id and d.destination = asked.destination
    where asked.event_id = e.id
  ) as has_delivery
from events e where e.id = any($1::uuid[])`,
};

/** Of keys that are to be given, those whose turn somebody holds. */
export const HOLDERS: Statement<{ destination: string; order_key: string }> = {
  name: 'holders',
  text: `
select h.destination, h.order_key from unnest($1::text[], $2::text[]) as asked (destination, order_key)
join deliveries h on h.destination = asked.destination and h.order_key = asked.order_key and h.turn = 'holds'`,
};

export const EXISTING: Statement<{ event_id: string; number: number }> = {
  name: 'existing_deliveries',
  text: `select d.event_id, d.number from ${ASKED} join deliveries d on ${OF_ASKED}`,
};
