/**
 * The group of a dead letter's cause, and an index that counts the members of each and has their times. With `replayed_by`
 * it answers without the table. What has failed before is grouped by the program, see group-older.ts.
 */
export const failureGroups = `
alter table deliveries add column failure_group text;
create index deliveries_failures on deliveries (destination, failure_group, updated_at, replayed_by)
  where status = 'failed' and replayed_by is null;
`;
