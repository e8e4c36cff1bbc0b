/**
 * What the audit needs to know: what the clean-ups of a kind have deleted since its last row about them, and which
 * configuration the last start had, as digests.
 */
export const auditFacts = `
alter table cleanups add column deleted integer;
alter table cleanups add column first_id text;
alter table cleanups add column last_id text;

create table configuration (
  path text primary key,
  digest text not null
) strict, without rowid;
`;
