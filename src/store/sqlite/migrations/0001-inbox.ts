/**
 * Everything hangs on growing integers, because appending to a table costs SQLite a fraction of what appending to an
 * index does. A delivery's key is made of its event's: seq * 65536 + number, so neither its id nor the way to its
 * event needs an index. Payloads are written once; what changes is in the slim `deliveries`. The partial indexes hold
 * only open deliveries, so a claim costs the same whatever history lies behind it.
 */
export const inbox = `
create table events (
  seq integer primary key,
  id blob not null unique,
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
  key integer primary key,
  destination text not null,
  status text not null,
  attempts integer not null,
  due_at integer not null,
  lease_token text,
  lease_until integer,
  last_error text,
  created_at integer not null,
  updated_at integer not null,
  replay_of integer
) strict;

create index deliveries_due on deliveries (destination, due_at) where status = 'pending';
create index deliveries_leased on deliveries (lease_until) where status = 'processing';
-- First tries are due when they were created; only those due at another time need an index by age.
create index deliveries_waiting on deliveries (created_at) where status = 'pending' and due_at <> created_at;
create index deliveries_dead on deliveries (key) where status = 'failed';

create table attempts (
  delivery_key integer not null,
  number integer not null,
  started_at integer not null,
  ended_at integer not null,
  outcome text not null,
  error text,
  http_status integer,
  response_excerpt text,
  primary key (delivery_key, number)
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
