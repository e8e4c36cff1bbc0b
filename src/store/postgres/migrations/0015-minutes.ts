import type { Migration } from '../migrate.ts';

/** Counts by minute: a row for each node, minute and flush. Nothing is updated, so nodes do not meet. */
export const minutes: Migration = {
  compatibleFrom: 1,
  sql: `
create table minute_counts (
  minute bigint not null,
  node text collate "C" not null,
  accepted bigint not null,
  rejected bigint not null,
  failed bigint not null
);
create index minute_counts_minute on minute_counts (minute);
`,
};
