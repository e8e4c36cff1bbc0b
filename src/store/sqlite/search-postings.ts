import type { DatabaseSync } from 'node:sqlite';
import type { Filter, Term } from '../../filter/filter.ts';
import { fitsEvent } from '../../filter/matches.ts';
import type { IdRange } from '../plan-search.ts';
import { searchWhere } from '../search-where.ts';
import { BLOCK_EVENTS, seqsOf } from './event-blocks.ts';
import { type Kind, prepareKinds } from './event-kinds.ts';
import { hasAllBlocks, prepareExtent } from './postings.ts';
import { prepareRows } from './prepare-rows.ts';
import { createParameters } from './search-candidates.ts';
import { sqliteDialect } from './search-hit.ts';
import { uuidToBytes } from './uuid-bytes.ts';

type Found = Readonly<{ id: Uint8Array; seq: number }>;

/** The bounds of the ids, the lower one included. */
type Range = Readonly<{ until: Uint8Array; since: Uint8Array }>;

type BlockRow = Readonly<{ block: number; max_id: Uint8Array; is_sorted: number }>;

/**
 * Finds events by the filter's terms about sources and types: the newest ones in the range of ids.
 * @returns their seqs from new to old, at most `limit`; null when events have to be read instead, since not all blocks are
 *   written or the terms fit too many sources and types
 */
export function findPosted(
  db: DatabaseSync,
  filter: Filter,
  { sinceId, untilId }: IdRange,
  limit: number,
): number[] | null {
  const terms = filter.filter(isOfKind);
  const range = { until: uuidToBytes(untilId), since: uuidToBytes(sinceId) };
  const { first, end } = prepareExtent(db)();
  if (!hasAllBlocks(db, first, end)) return null;
  const kinds = prepareKinds(db)(terms, (source, eventType) => fitsKind(terms, source, eventType));
  if (kinds === null) return null;
  const found = findInOpenBlock(db, terms, range, end * BLOCK_EVENTS);
  if (kinds.length > 0) findInBlocks(db, kinds, range, limit, found);
  const seqs = found.sort((one, other) => Buffer.compare(other.id, one.id)).map(({ seq }) => seq);
  return seqs.slice(0, limit);
}

function isOfKind({ field }: Term): boolean {
  return field === 'source' || field === 'type';
}

const NOTHING = { id: '', idempotencyKey: '', headers: [], body: new Uint8Array(0), method: '', url: '' };

function fitsKind(terms: Filter, source: string, eventType: string): boolean {
  return fitsEvent(terms, { ...NOTHING, source, eventType }, null);
}

/** The block that is not full has no postings yet. */
function findInOpenBlock(
  db: DatabaseSync,
  terms: Filter,
  { until, since }: Range,
  firstSeq: number,
): Found[] {
  const parameters = createParameters();
  const { sql } = searchWhere(terms, sqliteDialect(parameters));
  const [from, to, after] = [firstSeq, until, since].map(parameters.place);
  const find = prepareRows<Found>(
    db,
    `select e.id, e.seq from events e not indexed
     where e.seq >= ${from} and e.id < ${to} and e.id >= ${after} and ${sql}`,
  );
  return find.all(...parameters.values);
}

/**
 * Adds events until `limit` of those found are newer than all that is left. Blocks come by their newest event, postings of
 * twice as many each time: ids are nearly in the order of seqs, but not where a clock was set back or a rejected request was
 * taken later.
 */
function findInBlocks(
  db: DatabaseSync,
  kinds: readonly Kind[],
  range: Range,
  limit: number,
  found: Found[],
): void {
  const postedIn = preparePostedIn(db);
  const idsOf = prepareRows<Found>(
    db,
    `select e.id, e.seq from json_each(?) j cross join events e where e.seq = j.value and e.id < ? and e.id >= ? limit ?`,
  );
  const blocks = prepareRows<BlockRow>(
    db,
    'select block, max_id, is_sorted from event_blocks where max_id >= ? and min_id < ? order by max_id desc',
  );
  const take = (window: readonly BlockRow[]) => {
    const posted = postedIn(
      kinds,
      window.map(({ block }) => block),
    );
    for (const row of window) {
      const seqs = posted.get(row.block);
      if (seqs === undefined) continue;
      if (countNewer(found, row.max_id) >= limit) return;
      // The last events of a block alone, where these are its newest: a page of a frequent type needs no more.
      seqs.sort((one, other) => other - one);
      const most = row.is_sorted === 1 ? limit : seqs.length;
      found.push(...idsOf.all(JSON.stringify(seqs), range.until, range.since, most));
    }
  };
  let window: BlockRow[] = [];
  let size = 1;
  for (const row of blocks.iterate(range.since, range.until)) {
    if (window.length === size) {
      take(window);
      window = [];
      size *= 2;
      if (countNewer(found, row.max_id) >= limit) return;
    }
    window.push(row);
  }
  take(window);
}

function countNewer(found: readonly Found[], id: Uint8Array): number {
  return found.reduce((count, one) => count + (Buffer.compare(one.id, id) > 0 ? 1 : 0), 0);
}

/** The seqs that the postings of these sources and types have in these blocks, by block. */
function preparePostedIn(
  db: DatabaseSync,
): (kinds: readonly Kind[], blocks: readonly number[]) => Map<number, number[]> {
  const find = prepareRows<{ block: number; events: Uint8Array }>(
    db,
    `select block, events from event_postings
     where source = ? and event_type = ? and block >= ? and block <= ?`,
  );
  return (kinds, blocks) => {
    const posted = new Map<number, number[]>();
    if (blocks.length === 0) return posted;
    const wanted = new Set(blocks);
    const [low, high] = [Math.min(...blocks), Math.max(...blocks)];
    for (const { source, eventType } of kinds) {
      for (const { block, events } of find.iterate(source, eventType, low, high)) {
        if (!wanted.has(block)) continue;
        const seqs = posted.get(block) ?? [];
        seqs.push(...seqsOf(block, events));
        posted.set(block, seqs);
      }
    }
    return posted;
  };
}
