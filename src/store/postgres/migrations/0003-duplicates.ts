import type { Migration } from '../migrate.ts';

/**
 * How often an event came again. A table of its own, since events are written once and most never come again. The digest
 * of an event's marks is from now on up to two of 16 bytes: that of its replay mark and that of a key that is a mark. A
 * program of the version before leaves such marks behind when it deletes their event; a mark without an event means
 * nothing.
 */
export const duplicates: Migration = {
  compatibleFrom: 1,
  sql: `
create table duplicates (
  event_id uuid primary key,
  count bigint not null,
  last_at bigint not null,
  differed integer not null
) with (fillfactor = 70);
`,
};
