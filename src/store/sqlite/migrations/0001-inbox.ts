/**
 * Ids are 16-byte UUIDv7: they grow, so every index on them appends. Payloads are written once; what changes is in
 * the slim `deliveries`, clustered by id. The partial indexes hold only open deliveries, so a claim costs the same
 * whatever history lies behind it.
 */
export const inbox = `
create table events (
  id blob primary key,
  source text not null,
  idempotency_key text not null,
  event_type text not null,
  method text not null,
  url text not null,
  headers text not null,
  content_type text not null,
  body blob not null,
  received_at integer not null
) strict;

create unique index events_by_key on events (source, idempotency_key);

create table deliveries (
  id blob primary key,
  event_id blob not null,
  destination text not null,
  status text not null,
  attempts integer not null,
  due_at integer not null,
  lease_token text,
  lease_until integer,
  last_error text,
  created_at integer not null,
  updated_at integer not null,
  replay_of blob
) strict, without rowid;

create index deliveries_by_event on deliveries (event_id);
create index deliveries_due on deliveries (destination, due_at) where status = 'pending';
create index deliveries_leased on deliveries (lease_until) where status = 'processing';
-- First tries are due when they were created; only those due at another time need an index by age.
create index deliveries_waiting on deliveries (created_at) where status = 'pending' and due_at <> created_at;
create index deliveries_dead on deliveries (id) where status = 'failed';

create table attempts (
  delivery_id blob not null,
  number integer not null,
  started_at integer not null,
  ended_at integer not null,
  outcome text not null,
  error text,
  http_status integer,
  response_excerpt text,
  primary key (delivery_id, number)
) strict, without rowid;

-- Kept with every commit, so that depth, limits and metrics never count rows.
create table delivery_counts (
  destination text not null,
  status text not null,
  count integer not null,
  primary key (destination, status)
) strict, without rowid;

create table totals (
  name text primary key,
  value integer not null
) strict, without rowid;

insert into totals (name, value) values ('events', 0), ('pings', 0);
`;
