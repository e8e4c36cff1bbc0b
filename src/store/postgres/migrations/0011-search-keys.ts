import type { Migration } from '../migrate.ts';

/** Values by which a source's configuration makes its events findable, written with the event where there are any. */
export const searchKeys: Migration = {
  compatibleFrom: 1,
  sql: `
create table event_search (
  name text collate "C" not null,
  value text collate "C" not null,
  event_id uuid not null,
  primary key (name, value, event_id)
);
create index event_search_by_event on event_search (event_id);
`,
};
