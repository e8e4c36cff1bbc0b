import type { Migration } from '../migrate.ts';

/**
 * Destinations that are held, limited or tripped, and what waits for them. A delivery is marked when it is inserted while
 * its destination is held, or by a walk of what was pending when that began; its first claim takes the mark away.
 * `totals.pending` is from now on without the held ones. New columns without a default cost no rewrite.
 *
 * A program of the version before claims from held destinations and leaves marks on what it claims, so it may not work
 * beside this one once a destination is held: see docs/operations.md.
 */
export const destinations: Migration = {
  compatibleFrom: 1,
  sql: `
alter table deliveries add column held integer;
alter table delivery_counts add column held bigint;

create table destination_state (
  destination text collate "C" primary key,
  version bigint not null,
  -- JSON of a DestinationState. Since when deliveries are given out again, which it has too, is for queries.
  state text not null,
  freed_at bigint
) with (fillfactor = 20);
`,
};
