import type { Migration } from '../migrate.ts';

/**
 * The history lies in write-once `events` and append-only `attempts`; only slim `deliveries` change, each twice. Both
 * changes move a row between the partial indexes, which hold open deliveries alone, so that a claim costs the same
 * whatever history lies behind it. Keys are UUIDv7 and grow, and no sequence is shared by the nodes. Texts that are
 * compared have the collation "C": they mean their bytes, and no new version of a locale breaks their indexes.
 */
export const inbox: Migration = {
  compatibleFrom: 1,
  sql: `
create table events (
  id uuid primary key,
  received_at bigint not null,
  source text collate "C" not null,
  idempotency_key text collate "C" not null,
  event_type text not null,
  method text not null,
  url text not null,
  content_type text not null,
  headers text not null,
  replay_digest bytea,
  body bytea not null
);
-- Large bodies lie beside the row as they are: compressing them would cost the accept more than the disk saves.
alter table events alter column body set storage external;
create unique index events_by_key on events (source, idempotency_key);

create table deliveries (
  event_id uuid not null,
  created_at bigint not null,
  due_at bigint not null,
  updated_at bigint not null,
  lease_until bigint,
  number integer not null,
  attempts integer not null,
  replay_of integer,
  destination text collate "C" not null,
  status text collate "C" not null,
  lease_token text collate "C",
  last_error text,
  primary key (event_id, number)
) with (
  -- Room in each page for later versions of its rows, most of which then need no page of their own.
  fillfactor = 70,
  -- By the count of changes, not by a share of a history that may be millions.
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
  autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1
);
create index deliveries_due on deliveries (destination, due_at, event_id, number) where status = 'pending';
create index deliveries_leased on deliveries (lease_until) where status = 'processing';
-- First tries are due when they were created; only those due at another time need an index by age.
create index deliveries_waiting on deliveries (created_at) where status = 'pending' and due_at <> created_at;
create index deliveries_dead on deliveries (event_id, number) where status = 'failed';

create table attempts (
  event_id uuid not null,
  delivery integer not null,
  number integer not null,
  started_at bigint not null,
  ended_at bigint not null,
  http_status integer,
  outcome text not null,
  error text,
  response_excerpt text,
  primary key (event_id, delivery, number)
);

-- One entry a mark: an event takes it over from an older one. The event's own copy leads from it to its mark.
create table replay_marks (
  source text collate "C" not null,
  digest bytea not null,
  event_id uuid not null,
  received_at bigint not null,
  primary key (source, digest)
);

create table rejected (
  seq bigint generated always as identity primary key,
  received_at bigint not null,
  kept_bytes integer not null,
  body_bytes integer not null,
  id uuid not null unique,
  source text collate "C" not null,
  reason text not null,
  detail text not null,
  method text not null,
  url text not null,
  content_type text not null,
  headers text not null,
  body bytea
);
alter table rejected alter column body set storage external;
create index rejected_by_source on rejected (source, seq);
create index rejected_by_time on rejected (received_at, seq);

create table source_state (
  source text collate "C" not null,
  name text collate "C" not null,
  value text not null,
  updated_at bigint not null,
  primary key (source, name)
);

-- Kept with every statement, in rows of each backend's own, so that limits and metrics never count rows and commits
-- do not wait for each other. Nearly empty pages, because each change leaves a version of the row behind.
create table delivery_counts (
  destination text collate "C" not null,
  shard integer not null,
  pending bigint not null default 0,
  processing bigint not null default 0,
  completed bigint not null default 0,
  failed bigint not null default 0,
  primary key (destination, shard)
) with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

create table totals (
  shard integer primary key,
  events bigint not null default 0,
  pending bigint not null default 0
) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
`,
};
