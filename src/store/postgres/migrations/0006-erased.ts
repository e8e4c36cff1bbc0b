import type { Migration } from '../migrate.ts';

/**
 * What is known of erased events beside their emptied rows. Both tables stay empty until the first erase, which makes
 * the secret: an accept then asks for no hashes. A program of the version before would take an event again that was
 * erased, so nothing should be erased before the last node is upgraded.
 */
export const erased: Migration = {
  compatibleFrom: 1,
  sql: `
create table erased (
  event_id uuid primary key,
  source text collate "C" not null,
  -- Of its key, or of the mark that made its key, and which key of the mark it had: see marked-key.ts.
  key_hash bytea not null,
  key_number integer not null,
  -- Null while the event is about to be erased: its hashes are known before its key is gone.
  erased_at bigint
);
create unique index erased_by_key on erased (source, key_hash, key_number);

create table erasure (
  single boolean primary key default true check (single),
  secret bytea not null
);
`,
};
