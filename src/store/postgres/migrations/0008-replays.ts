import type { Migration } from '../migrate.ts';

/**
 * One replay of each delivery. A failed delivery that has one is superseded, and leaves the count of failed ones. Of the
 * replays of before, those of dead letters are written down here, a walk of the index of dead letters; those of completed
 * deliveries are found when the next replay is asked for, since finding them all would read the whole table. `sent_as` is
 * the delivery whose id a replay goes out under; the replays of before have their own, which they may have been tried with.
 *
 * A program of the version before writes neither column: see docs/operations.md.
 */
export const replays: Migration = {
  compatibleFrom: 1,
  sql: `
alter table deliveries add column replayed_by integer;
alter table deliveries add column sent_as integer;

with first as materialized (
  select d.event_id, d.number, d.destination, r.number as replayed_by
  from deliveries d cross join lateral (
    select number from deliveries where event_id = d.event_id and replay_of = d.number order by number limit 1
  ) r
  where d.status = 'failed'
),
superseded as (
  update deliveries d set replayed_by = first.replayed_by
  from first where d.event_id = first.event_id and d.number = first.number
)
insert into delivery_counts as c (destination, shard, failed)
select destination, 0, -count(*) from first group by destination
on conflict (destination, shard) do update set failed = c.failed + excluded.failed;
`,
};
