/**
 * Destinations that are held, limited or tripped, and what waits for them. A delivery is marked when it is inserted while
 * its destination is held, or by a walk of what was pending when that began; its first claim takes the mark away.
 */
export const destinations = `
alter table deliveries add column held integer;

create table destination_state (
  destination text primary key,
  version integer not null,
  -- JSON of a DestinationState. Since when deliveries are given out again, which it has too, is for queries.
  state text not null,
  freed_at integer
) strict, without rowid;

-- Beside delivery_counts: how many of the pending ones are held.
create table held_counts (
  destination text primary key,
  count integer not null
) strict, without rowid;
`;
