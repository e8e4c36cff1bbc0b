import type { DatabaseSync } from 'node:sqlite';
import type { IdRange } from '../plan-search.ts';
import { BLOCK_EVENTS } from './event-blocks.ts';
import { hasAllBlocks, prepareExtent } from './postings.ts';
import { prepareRows } from './prepare-rows.ts';
import { uuidToBytes } from './uuid-bytes.ts';

/** Seqs between which all events of a range of ids lie: `from` included, `to` not. */
export type SeqRange = Readonly<{ from: number; to: number }>;

/** Not the greatest seq, but times the stride still a number that is exact. */
const END = 2 ** 36;
export const ALL_SEQS: SeqRange = { from: 0, to: END };

type BlocksRow = Readonly<{ first: number | null; last: number | null }>;

/**
 * Finds the bounds by the blocks that have ids of the range. Ids are nearly in the order of seqs, so these are nearly all
 * events between them. While not all blocks are written, there are no bounds.
 */
export function prepareSeqRange(db: DatabaseSync): (range: IdRange) => SeqRange {
  const extent = prepareExtent(db);
  const blocks = prepareRows<BlocksRow>(
    db,
    'select min(block) as first, max(block) as last from event_blocks where max_id >= ? and min_id < ?',
  );
  // By seq: the block that is not full has no row, and all events would be walked by id.
  const inOpenBlock = prepareRows<Readonly<{ seq: number }>>(
    db,
    'select seq from events not indexed where seq >= ? and id >= ? and id < ? limit 1',
  );
  return ({ sinceId, untilId }) => {
    const { first, end } = extent();
    if (!hasAllBlocks(db, first, end)) return ALL_SEQS;
    const ids = [uuidToBytes(sinceId), uuidToBytes(untilId)] as const;
    const found = blocks.get(...ids)!;
    const isOpen = inOpenBlock.get(end * BLOCK_EVENTS, ...ids) !== undefined;
    return {
      from: (found.first ?? end) * BLOCK_EVENTS,
      to: isOpen ? END : ((found.last ?? -1) + 1) * BLOCK_EVENTS,
    };
  };
}
