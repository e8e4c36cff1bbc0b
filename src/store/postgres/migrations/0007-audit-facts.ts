import type { Migration } from '../migrate.ts';

/**
 * What the audit needs to know: what the clean-ups of a kind have deleted since its last row about them, and which
 * configuration the last start had, as digests.
 */
export const auditFacts: Migration = {
  compatibleFrom: 1,
  sql: `
alter table cleanups add column deleted bigint;
alter table cleanups add column first_id text collate "C";
alter table cleanups add column last_id text collate "C";

create table configuration (
  path text collate "C" primary key,
  digest text collate "C" not null
);
`,
};
