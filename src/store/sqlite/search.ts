import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { type Filter, readsPayload } from '../../filter/filter.ts';
import { fitsEvent } from '../../filter/matches.ts';
import { uuidTimeMs } from '../../runtime/ids.ts';
import { idRange, planSearch, type SearchPath } from '../plan-search.ts';
import { searchWhere } from '../search-where.ts';
import { firstPart, joinParts, type PartRequest, restAfter, type SlicePart } from '../slice-parts.ts';
import type { SearchHit, SearchRequest, SearchSlice } from '../store.ts';
import { prepareReadEvent } from './claim.ts';
import { prepareRows } from './prepare-rows.ts';
import { candidates, createParameters, type Path, type Position, readPosition } from './search-candidates.ts';
import { prepareSearchHit, sqliteDialect } from './search-hit.ts';
import { findPosted } from './search-postings.ts';
import { ALL_SEQS, prepareSeqRange, type SeqRange } from './seq-range.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';

/** A search on its path, behind a position. */
type Walk<Way = Path> = Readonly<{ filter: Filter; path: Way; position: Position | null }>;

type Found = Readonly<{ id: Uint8Array; seq: number }>;

/** Prepares searches on a connection of their own. @see SearchStore.searchSlice */
export function prepareSearch(db: DatabaseSync): (request: SearchRequest) => SearchSlice {
  const hitOf = prepareSearchHit(db);
  const readEvent = prepareReadEvent(db, 'id');
  const searchSlice = ({ filter, limit, cursor }: SearchRequest): SearchSlice => {
    const walk = chooseWalk(db, filter, cursor === null ? null : readPosition(cursor));
    const few = firstPart({ limit, cursor });
    const first = findHits(walk, few);
    const more = restAfter(few, first);
    if (more === null) return first.slice;
    return joinParts(first.slice, findHits({ ...walk, position: readPosition(more.cursor!) }, more).slice);
  };
  const findHits = (planned: Walk<SearchPath>, part: PartRequest): SlicePart => {
    const { limit } = part;
    const walk = lookUp(db, planned, part.rows);
    const { filter } = walk;
    const bySeq = walk.path.kind === 'deliveries';
    const { rows, bytes, isLast, end } = measure(db, walk, part);
    if (end === null) return { slice: { hits: [], next: null, scanned: 0, searchedToMs: null }, bytes };
    const statement = hitsStatement(walk, rows, limit);
    const found = db.prepare(statement.sql).iterate(...statement.values) as unknown as Iterable<Found>;
    const hits: SearchHit[] = [];
    for (const { id, seq } of found) {
      if (!statement.isExact && !fitsEvent(filter, readEvent(id)!, null)) continue;
      const hit = hitOf(seq, filter);
      if (hit !== null) hits.push(hit);
      if (hits.length < limit) continue;
      const scanned = countTo(db, walk, rows, { id, seq });
      const next = cursorAt({ id, seq }, bySeq);
      return { slice: { hits, next, scanned, searchedToMs: timeOf(id) }, bytes };
    }
    const next = isLast ? null : cursorAt(end, bySeq);
    return { slice: { hits, next, scanned: rows, searchedToMs: timeOf(end.id) }, bytes };
  };
  return (request) => {
    // One snapshot for all statements: a clean-up between them would shift the rows.
    db.exec('begin');
    try {
      return searchSlice(request);
    } finally {
      db.exec('commit');
    }
  };
}

/** A window of so few events is walked by time: its end is then known, which the order of deliveries does not tell. */
const SMALL_WINDOW = 20_000;
/** So many events of the sources and types that a filter names are few. */
const FEW_OF_KIND = 1_000;
/** More deliveries are not sorted for each slice: where so many wait, they are found among all events. */
const MOST_SORTED = 400_000;

function chooseWalk(db: DatabaseSync, filter: Filter, position: Position | null): Walk<SearchPath> {
  const path = planSearch(filter);
  if (path.kind === 'deliveries') {
    if (position?.kind === 'seq') return { filter, path, position };
    if (areFewOfKind(db, filter)) return { filter, path: { kind: 'kinds' }, position };
    const isByTime = position !== null || isSmallWindow(db, filter) || areTooMany(db, path.statuses);
    return { filter, path: isByTime ? { kind: 'time' } : path, position };
  }
  return { filter, path, position: atId(db, position) };
}

function areFewOfKind(db: DatabaseSync, filter: Filter): boolean {
  if (!filter.some(({ field, negated }) => !negated && (field === 'source' || field === 'type')))
    return false;
  const seqs = findPosted(db, filter, idRange(filter, null), FEW_OF_KIND);
  return seqs !== null && seqs.length < FEW_OF_KIND;
}

function areTooMany(db: DatabaseSync, statuses: readonly DeliveryStatus[]): boolean {
  // Failed ones are in the order of their keys.
  if (!statuses.includes('pending')) return false;
  const count = prepareRows<{ pending: number }>(
    db,
    `select coalesce(sum(count), 0) as pending from delivery_counts where status = 'pending'`,
  );
  return count.get()!.pending > MOST_SORTED;
}

/** Finds the next events of a source and type; while that is not possible, all events are walked by time. */
function lookUp(db: DatabaseSync, { filter, path, position }: Walk<SearchPath>, mostRows: number): Walk {
  if (path.kind === 'deliveries')
    return { filter, path: { ...path, within: seqsWithin(db, filter) }, position };
  if (path.kind !== 'kinds') return { filter, path, position };
  const range = idRange(filter, position?.kind === 'id' ? position.id : null);
  const seqs = findPosted(db, filter, range, mostRows);
  return { filter, path: seqs === null ? { kind: 'time' } : { kind: 'seqs', seqs }, position };
}

function seqsWithin(db: DatabaseSync, filter: Filter): SeqRange {
  const isBounded = filter.some(({ field }) => field === 'since' || field === 'until');
  return isBounded ? prepareSeqRange(db)(idRange(filter, null)) : ALL_SEQS;
}

/** A position in the order of `seq`, which a search with another filter has left, as one in the order of ids. */
function atId(db: DatabaseSync, position: Position | null): Position | null {
  if (position?.kind !== 'seq') return position;
  const find = prepareRows<Found>(db, 'select id, seq from events where seq <= ? order by seq desc limit 1');
  const found = find.get(position.seq);
  return found === undefined ? null : { kind: 'id', id: bytesToUuid(found.id) };
}

function isSmallWindow(db: DatabaseSync, filter: Filter): boolean {
  if (!filter.some(({ field }) => field === 'since')) return false;
  const { sinceId, untilId } = idRange(filter, null);
  const find = db.prepare('select id from events where id < ? and id >= ? order by id desc limit 1 offset ?');
  return find.get(uuidToBytes(untilId), uuidToBytes(sinceId), SMALL_WINDOW) === undefined;
}

type Measured = Readonly<{
  rows: number;
  bytes: number;
  /** Nothing is left behind these rows. */
  isLast: boolean;
  /** The last of the rows. */
  end: Found | null;
}>;

/** How many of the next rows make a slice. The length of a body is known without reading it. */
function measure(db: DatabaseSync, walk: Walk, most: PartRequest): Measured {
  const hasBodies = walk.filter.some(readsPayload);
  const bytes = hasBodies ? '(select sum(length(e.body)) from w join events e on e.seq = w.seq)' : '0';
  for (let limit = most.rows; ; limit = Math.ceil(limit / 4)) {
    const parameters = createParameters();
    const { sql, bySeq } = candidates(walk.path, walk.filter, walk.position, parameters);
    const last = bySeq ? 'seq' : 'id';
    const find = prepareRows<{ rows: number; bytes: number; id: Uint8Array; seq: number }>(
      db,
      `with w as materialized (${sql(limit)})
       select (select count(*) from w) as rows, ${bytes} as bytes, id, seq from w order by ${last} limit 1`,
    );
    const found = find.get(...parameters.values);
    if (found === undefined) return { rows: 0, bytes: 0, isLast: true, end: null };
    const { rows, bytes: size, id, seq } = found;
    if (size > most.bytes && limit > 1) continue;
    return { rows, bytes: size, isLast: rows < limit, end: { id, seq } };
  }
}

type HitsStatement = Readonly<{
  sql: string;
  values: readonly (string | number | Uint8Array)[];
  isExact: boolean;
}>;

/** The events among the next rows that may fit. */
function hitsStatement({ path, filter, position }: Walk, rows: number, limit: number): HitsStatement {
  const parameters = createParameters();
  const { sql, bySeq } = candidates(path, filter, position, parameters);
  const where = searchWhere(filter, sqliteDialect(parameters));
  const { sinceId, untilId } = idRange(filter, null);
  const [since, until] = [sinceId, untilId].map((id) => parameters.place(uuidToBytes(id)));
  return {
    sql: `
select distinct e.id, e.seq from (${sql(rows)}) w cross join events e
where e.seq = w.seq and e.id >= ${since} and e.id < ${until}
  and ${where.sql}
order by e.${bySeq ? 'seq' : 'id'} desc ${where.isExact ? `limit ${limit}` : ''}`,
    values: parameters.values,
    isExact: where.isExact,
  };
}

/** How many of the rows come up to this one. */
function countTo(
  db: DatabaseSync,
  { path, filter, position }: Walk,
  rows: number,
  { id, seq }: Found,
): number {
  const parameters = createParameters();
  const { sql, bySeq } = candidates(path, filter, position, parameters);
  const upTo = bySeq ? `seq >= ${parameters.place(seq)}` : `id >= ${parameters.place(id)}`;
  const count = prepareRows<{ rows: number }>(
    db,
    `select count(*) as rows from (${sql(rows)}) where ${upTo}`,
  );
  return count.get(...parameters.values)!.rows;
}

function cursorAt({ id, seq }: Found, bySeq: boolean): string {
  return bySeq ? String(seq) : bytesToUuid(id);
}

function timeOf(id: Uint8Array): number {
  return uuidTimeMs(bytesToUuid(id));
}
