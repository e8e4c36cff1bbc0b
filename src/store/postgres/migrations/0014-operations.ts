import type { Migration } from '../migrate.ts';

/** Bulk operations, and their targets in slices. */
export const operations: Migration = {
  compatibleFrom: 1,
  sql: `
create table operations (
  id uuid primary key,
  version bigint not null,
  state text collate "C" not null,
  -- JSON of a BulkOperation. What is for queries has a column beside it.
  content text not null,
  lease_token text collate "C",
  lease_until bigint,
  -- When it was over, or will be if nobody runs it.
  over_at bigint
) with (fillfactor = 50);
create index operations_active on operations (id) where state in ('counting', 'running', 'taking_back');
create index operations_over on operations (over_at) where over_at is not null;

create table operation_targets (
  operation uuid not null,
  slice integer not null,
  -- 16 bytes for the id of each target, newest first, and 4 bytes for what became of it.
  targets bytea not null,
  results bytea not null,
  primary key (operation, slice)
);
`,
};
