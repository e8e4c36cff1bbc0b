/**
 * Who did what: append-only, each row linked to the one before it by its hash. The triggers leave one way to delete: the
 * newest row is an anchor, and what goes are the rows that it names. A row cannot be replaced either, which SQLite does
 * not count as a deletion.
 */
export const audit = `
create table audit (
  seq integer primary key,
  at integer not null,
  actor text not null,
  role text not null,
  address text,
  action text not null,
  target text not null,
  before_json text,
  after_json text,
  through integer,
  hash blob not null
) strict;

create index audit_by_target on audit (target, seq);

create trigger audit_keeps_rows before update on audit
begin select raise(abort, 'the audit is append-only: no row is changed'); end;

create trigger audit_keeps_numbers before insert on audit
when exists (select 1 from audit where seq = new.seq)
begin select raise(abort, 'the audit is append-only: no row is replaced'); end;

create trigger audit_keeps_history before delete on audit
when old.seq > coalesce((select through from audit where seq = (select max(seq) from audit)), 0)
begin select raise(abort, 'the audit is append-only: only its clean-up deletes rows'); end;
`;
