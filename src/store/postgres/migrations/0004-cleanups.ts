import type { Migration } from '../migrate.ts';

/** When the clean-ups ran, so that a clock that jumped deletes nothing. */
export const cleanups: Migration = {
  compatibleFrom: 1,
  sql: `
create table cleanups (
  kind text collate "C" primary key,
  ran_at bigint,
  confirmed_at bigint
);
`,
};
