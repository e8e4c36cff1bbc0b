/**
 * Ways to the events of a source and of a type. An index of both would cost every insert more than the rest of its row, in
 * small commits that touch many types; so the writer notes what a block of events has in memory, and writes it when the
 * block is full: see event-blocks.ts.
 */
export const search = `
create table event_blocks (
  block integer primary key,
  -- The least and the greatest id; null when all its events were deleted before it was written.
  min_id blob,
  max_id blob,
  -- 1 when the ids of its events ascend with their seqs, as they nearly always do.
  is_sorted integer not null
) strict;

create index event_blocks_by_id on event_blocks (max_id, min_id);

create table event_postings (
  source text not null,
  event_type text not null,
  block integer not null,
  -- Which events of the block: a bit for each.
  events blob not null,
  primary key (source, event_type, block)
) strict, without rowid;

create index event_postings_by_block on event_postings (block);
`;
