/** Bulk operations, and their targets in slices. */
export const operations = `
create table operations (
  id blob primary key,
  version integer not null,
  state text not null,
  -- JSON of a BulkOperation. What is for queries has a column beside it.
  content text not null,
  lease_token text,
  lease_until integer,
  -- When it was over, or will be if nobody runs it.
  over_at integer
) strict;

create index operations_active on operations (id) where state in ('counting', 'running', 'taking_back');
create index operations_over on operations (over_at) where over_at is not null;

create table operation_targets (
  operation blob not null,
  slice integer not null,
  -- 16 bytes for the id of each target, newest first, and 4 bytes for what became of it.
  targets blob not null,
  results blob not null,
  primary key (operation, slice)
) strict;
`;
