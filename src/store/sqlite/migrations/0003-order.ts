/**
 * Order among the deliveries of a destination that share a key. A delivery's key in its table is its place in the order
 * of acceptance. The unique index keeps it to one turn a key; the others wait in an index of their own, due never, so
 * that a claim does not meet them. Both hold open deliveries and blocked keys alone.
 */
export const order = `
alter table deliveries add column order_key text;
alter table deliveries add column turn text;

create unique index deliveries_turn on deliveries (destination, order_key) where turn = 'holds';
create index deliveries_in_line on deliveries (destination, order_key, key) where turn = 'waits';
create index deliveries_blocking on deliveries (destination, order_key) where turn = 'holds' and status = 'failed';

-- Beside delivery_counts, whose names are statuses: 'waiting' and 'blocked'.
create table order_counts (
  destination text not null,
  name text not null,
  count integer not null,
  primary key (destination, name)
) strict, without rowid;
`;
