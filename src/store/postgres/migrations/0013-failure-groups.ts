import type { Migration } from '../migrate.ts';

/**
 * The group of a dead letter's cause. The index counts the members of each group and leads to the last one; on a large
 * table, and for what failed before, the program does it beside the work, see search-indexes.ts and group-older.ts.
 */
export const failureGroups: Migration = {
  compatibleFrom: 1,
  sql: `
alter table deliveries add column failure_group text collate "C";
do $$ begin
  if (select count(*) from (select from deliveries limit 10001) as first) <= 10000 then
    create index deliveries_failures on deliveries (destination, failure_group, updated_at, event_id, number)
      where status = 'failed' and replayed_by is null;
  end if;
end $$;
`,
};
