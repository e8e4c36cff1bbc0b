/**
 * One replay of each delivery: the first one that there is counts. A failed delivery that has one is superseded, and leaves
 * the count of failed ones. `sent_as` is the delivery whose id a replay goes out under; the replays of before have their
 * own, which they may have been tried with.
 */
export const replays = `
alter table deliveries add column replayed_by integer;
alter table deliveries add column sent_as integer;

update deliveries set replayed_by = first.key
from (select replay_of, min(key) as key from deliveries where replay_of is not null group by replay_of) as first
where deliveries.key = first.replay_of;

update delivery_counts set count = count - (
  select count(*) from deliveries d
  where d.destination = delivery_counts.destination and d.status = 'failed' and d.replayed_by is not null
)
where status = 'failed';
`;
