import type { DatabaseSync } from 'node:sqlite';
import {
  BLOCK_EVENTS,
  type Block,
  blockOf,
  emptyBlock,
  noteEvent,
  prepareReadBlock,
  prepareWriteBlock,
} from './event-blocks.ts';
import { prepareRows } from './prepare-rows.ts';

/** Keeps the block that new events go to, on the writing connection. */
export type Postings = Readonly<{
  /** Notes an event that the open transaction has inserted. The last one of a block writes the block. */
  add(seq: number, id: string, source: string, eventType: string): void;
}>;

export function openPostings(db: DatabaseSync): Postings {
  const read = prepareReadBlock(db);
  const write = prepareWriteBlock(db);
  const removals = ['event_blocks', 'event_postings'].map((table) =>
    db.prepare(`delete from ${table} where block >= ?`),
  );
  let block: Block | null = null;
  let lastSeq = 0;

  /** After a start; and after a rollback or a purge of the newest events, whose seqs are given again. */
  const reopen = (seq: number): Block => {
    const number = blockOf(seq);
    for (const remove of removals) remove.run(number);
    return read(number, seq);
  };
  return {
    add(seq, id, source, eventType) {
      if (block === null || seq !== lastSeq + 1) block = reopen(seq);
      noteEvent(block, seq, id, source, eventType);
      lastSeq = seq;
      if (blockOf(seq + 1) === block.number) return;
      write(block);
      block = emptyBlock(block.number + 1);
    },
  };
}

/**
 * Writes the newest block that has no row, as in an inbox of an earlier version.
 * @param before a block below which to look, or null
 * @returns the block, or null when each full one has its row
 */
export function prepareFillBlock({
  db,
}: Readonly<{ db: DatabaseSync }>): (before: number | null) => number | null {
  const extent = prepareExtent(db);
  const has = prepareRows<{ block: number }>(db, 'select block from event_blocks where block = ?');
  const read = prepareReadBlock(db);
  const write = prepareWriteBlock(db);
  return (before) => {
    const { first, end } = extent();
    let number = Math.min(before ?? end, end) - 1;
    while (number >= first && has.get(number) !== undefined) number -= 1;
    if (number < first) return null;
    write(read(number, (number + 1) * BLOCK_EVENTS));
    return number;
  };
}

/** The blocks that are full: from the one of the oldest event up to, and without, the one of the next event. */
export function prepareExtent(db: DatabaseSync): () => Readonly<{ first: number; end: number }> {
  const find = prepareRows<{ oldest: number | null; newest: number | null }>(
    db,
    'select (select min(seq) from events) as oldest, (select max(seq) from events) as newest',
  );
  return () => {
    const { oldest, newest } = find.get()!;
    return oldest === null || newest === null
      ? { first: 0, end: 0 }
      : { first: blockOf(oldest), end: blockOf(newest + 1) };
  };
}

/** Whether each full block has its row, which one of an earlier version gets after the start. */
export function hasAllBlocks(db: DatabaseSync, first: number, end: number): boolean {
  const count = prepareRows<{ blocks: number }>(
    db,
    'select count(*) as blocks from event_blocks where block >= ? and block < ?',
  );
  return count.get(first, end)!.blocks === end - first;
}

/** Deletes what is before the oldest event. */
export function preparePurgePostings(db: DatabaseSync): () => void {
  const removals = ['event_blocks', 'event_postings'].map((table) =>
    db.prepare(
      `delete from ${table} where block < coalesce((select min(seq) from events) / ${BLOCK_EVENTS}, ${Number.MAX_SAFE_INTEGER})`,
    ),
  );
  return () => {
    for (const remove of removals) remove.run();
  };
}
