import type { Migration } from '../migrate.ts';

/**
 * Who did what: append-only, each row linked to the one before it by its hash. The triggers leave one way to delete: the
 * newest row is an anchor, and what goes are the rows that it names.
 */
export const audit: Migration = {
  compatibleFrom: 1,
  sql: `
create table audit (
  seq bigint primary key,
  at bigint not null,
  actor text collate "C" not null,
  role text collate "C" not null,
  address text collate "C",
  action text collate "C" not null,
  target text collate "C" not null,
  before_json text collate "C",
  after_json text collate "C",
  through bigint,
  hash bytea not null
);

create index audit_by_target on audit (target, seq);

create function audit_keeps_rows() returns trigger language plpgsql as $$
begin
  raise exception 'the audit is append-only: no row is changed, and only its clean-up deletes rows';
end $$;

create function audit_keeps_history() returns trigger language plpgsql set search_path from current as $$
begin
  if old.seq > coalesce((select through from audit order by seq desc limit 1), 0) then
    raise exception 'the audit is append-only: only its clean-up deletes rows';
  end if;
  return old;
end $$;

create trigger audit_keeps_rows before update or truncate on audit
  for each statement execute function audit_keeps_rows();
create trigger audit_keeps_history before delete on audit
  for each row execute function audit_keeps_history();
`,
};
