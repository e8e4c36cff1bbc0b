import type { Migration } from '../migrate.ts';

/**
 * Ranges of time in which a source and a type have events: a row for many events, where the indexes by source and by type
 * had two entries for each. A new inbox has them from its first event on. In one of before, the program writes those of the
 * events that are there, and then drops the indexes: see fill-ranges.ts.
 */
export const eventRanges: Migration = {
  compatibleFrom: 1,
  sql: `
create table event_ranges (
  first_ms bigint not null,
  last_ms bigint not null,
  source text collate "C" not null,
  event_type text collate "C" not null
);
create index event_ranges_by_kind on event_ranges (source, event_type, last_ms);
create index event_ranges_by_time on event_ranges (last_ms);

create table event_range_fill (
  single boolean primary key default true check (single),
  -- Programs of before may have been at work until then.
  since_ms bigint not null,
  -- Events with this id and greater ones have their ranges; null: it has not begun.
  reached uuid,
  is_complete boolean not null
);
do $$ declare is_new boolean;
begin
  select xmin = pg_current_xact_id()::xid into is_new from inbox_schema where version = 1;
  insert into event_range_fill (since_ms, is_complete) values (extract(epoch from now()) * 1000, is_new);
  if is_new then
    drop index if exists events_by_source;
    drop index if exists events_by_type;
  end if;
end $$;
`,
};
