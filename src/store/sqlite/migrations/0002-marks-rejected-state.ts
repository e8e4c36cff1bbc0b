/**
 * Replay marks, rejected requests, and what handshakes left behind.
 *
 * A mark is looked up and written with every accept that has one, and digests come in no order: each costs a page of
 * an index. So that index is the whole table, unique, and one entry a mark: an event takes the mark over from an older
 * one, which keeps lookups from walking through repetitions that are out of their window, and no clean-up but that of
 * the events is needed. The event's own copy of the digest, which is appended and costs next to nothing, leads from
 * an event that is purged to its mark without a second index. A column is added without touching the rows.
 *
 * A seq of `rejected` is never used again, so that a cursor stays where it was. Its body stands last, where a list
 * does not have to read past it.
 */
export const marksRejectedState = `
alter table events add column replay_digest blob;

create table replay_marks (
  digest blob not null,
  source text not null,
  seq integer not null,
  primary key (digest, source)
) strict, without rowid;

create table rejected (
  seq integer primary key autoincrement,
  id blob not null unique,
  source text not null,
  reason text not null,
  detail text not null,
  method text not null,
  url text not null,
  content_type text not null,
  body_bytes integer not null,
  received_at integer not null,
  kept_bytes integer not null,
  headers text not null,
  body blob
) strict;

create index rejected_by_source on rejected (source, seq);
create index rejected_by_time on rejected (received_at);

-- Kept with every change, so that what a source has is known without reading it.
create table rejected_totals (
  source text primary key,
  requests integer not null,
  bytes integer not null
) strict, without rowid;

create table source_state (
  source text not null,
  name text not null,
  value text not null,
  updated_at integer not null,
  primary key (source, name)
) strict, without rowid;
`;
