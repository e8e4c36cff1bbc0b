import type { Migration } from '../migrate.ts';

/**
 * Order among the deliveries of a destination that share a key. The unique index keeps it to one turn a key, whoever
 * gives it. The others wait in an index of their own, due never, so that a claim does not meet them. Both hold open
 * deliveries and blocked keys alone. `position` is the order of acceptance, of whichever node: ids go by the nodes'
 * clocks, which differ. New columns without a default cost no rewrite.
 *
 * A program of the version before claims none that waits, but hands on no turn either: see docs/operations.md.
 */
export const order: Migration = {
  compatibleFrom: 1,
  sql: `
alter table deliveries add column order_key text collate "C";
alter table deliveries add column turn text collate "C";
alter table deliveries add column position bigint;
create sequence delivery_positions cache 1;

create unique index deliveries_turn on deliveries (destination, order_key) where turn = 'holds';
create index deliveries_in_line on deliveries (destination, order_key, position, number) where turn = 'waits';
create index deliveries_blocking on deliveries (destination, order_key) where turn = 'holds' and status = 'failed';

create table order_counts (
  destination text collate "C" not null,
  shard integer not null,
  waiting bigint not null default 0,
  blocked bigint not null default 0,
  primary key (destination, shard)
) with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
`,
};
