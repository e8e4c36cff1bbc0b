import type { Migration } from '../migrate.ts';

/**
 * Ways to the events of a source and of a type, newest first: ids grow with the time of receipt, so a range of them is
 * a range of time. Only where there are few events yet: on a large table the program builds them beside the work, see
 * search-indexes.ts.
 */
export const search: Migration = {
  compatibleFrom: 1,
  sql: `
do $$ begin
  if (select count(*) from (select from events limit 10001) as first) <= 10000 then
    create index events_by_source on events (source, id);
    create index events_by_type on events (event_type collate "C", id);
  end if;
end $$;
`,
};
