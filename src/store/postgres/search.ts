import { type Filter, isOfDelivery, readsPayload, type Term } from '../../filter/filter.ts';
import { fitsDelivery, fitsEvent } from '../../filter/matches.ts';
import { uuidTimeMs } from '../../runtime/ids.ts';
import type { Verbs } from '../forward.ts';
import { idRange, planSearch, type SearchPath } from '../plan-search.ts';
import { type DeliveryRow, toDelivery } from '../rows.ts';
import { searchWhere } from '../search-where.ts';
import { firstPart, joinParts, type PartRequest, restAfter, type SlicePart } from '../slice-parts.ts';
import type { SearchHit, SearchStore } from '../store.ts';
import { DELIVERY_COLUMNS, type Numbered, numbersOf } from './browse.ts';
import { EVENT_COLUMNS, type IdentifiedEventRow, readEventRow } from './claim.ts';
import { BY_INDEX } from './connect.ts';
import type { Database, Query, Statement } from './database.ts';
import { VIEW_COLUMNS, type ViewRow, viewOf } from './event-view.ts';
import { candidates, createParameters, type Path, postgresDialect } from './search-candidates.ts';
import { columnOf } from './search-column.ts';
import type { SearchIndexes } from './search-indexes.ts';
import { isOfKind } from './search-kinds.ts';
import { findRanged, type Ranged } from './search-ranges.ts';

type SearchContext = Readonly<{ searches: Database; searchIndexes: SearchIndexes }>;

/** A search on its path, behind an id. */
type Walk<Way = Path> = Readonly<{ filter: Filter; path: Way; before: string | null; limit: number }>;
type AnyPath = Path | Extract<SearchPath, { kind: 'kinds' }>;

/** @see SearchStore.searchSlice */
export const searchVerbs: Verbs<SearchContext, keyof SearchStore> = {
  async searchSlice({ searches, searchIndexes }, { filter, limit, cursor }) {
    // A SQLite inbox that has moved here leaves cursors of its own.
    const before = cursor?.includes('-') === false ? null : cursor;
    const path = await usablePath(filter, searchIndexes);
    return searches.transaction(async (query) => {
      await query(PLANNER);
      const read = (part: PartRequest) =>
        searchWithin(query, { filter, path, before: part.cursor, limit: part.limit }, part);
      const few = firstPart({ limit, cursor: before });
      const first = await read(few);
      const more = restAfter(few, first);
      return more === null ? first.slice : joinParts(first.slice, (await read(more)).slice);
    });
  },
};

/**
 * A limit makes the planner hope for rows soon, which a rare value never gives: it shall take the index that has the order
 * asked for. Set in the transaction, since a pooler drops the settings of a session.
 */
export const PLANNER: Statement = {
  name: 'search_planner',
  text: `select ${[...Object.keys(BY_INDEX), 'enable_sort', 'enable_incremental_sort', 'jit']
    .map((name) => `set_config('${name}', 'off', true)`)
    .join()}`,
};

async function searchWithin(query: Query, planned: Walk<AnyPath>, most: PartRequest): Promise<SlicePart> {
  const { walk, ranged } = await lookUp(query, planned, most.rows);
  const { rows, last, isLast, bytes, found } = withEnd(await findCandidates(query, walk, most), ranged);
  if (last === null) return { slice: { hits: [], next: null, scanned: 0, searchedToMs: null }, bytes };
  const hits = await keepFitting(query, walk, found);
  const isFull = hits.length === walk.limit;
  const end = isFull ? hits.at(-1)!.event.id : last;
  const scanned = isFull ? await countTo(query, walk, rows, end) : rows;
  const next = isLast && !isFull ? null : end;
  return { slice: { hits, next, scanned, searchedToMs: uuidTimeMs(end) }, bytes };
}

/** Finds the events of sources and types first; those of too many are looked for by time. */
async function lookUp(
  query: Query,
  { filter, path, before, limit }: Walk<AnyPath>,
  mostRows: number,
): Promise<Readonly<{ walk: Walk; ranged: Ranged | null }>> {
  if (path.kind !== 'kinds') return { walk: { filter, path, before, limit }, ranged: null };
  const most = filter.every(isFoundByRanges) ? Math.min(limit, mostRows) : mostRows;
  const ranged = await findRanged(query, filter, idRange(filter, before), most);
  const way: Path = ranged === null ? { kind: 'time' } : { kind: 'ids', ids: ranged.ids };
  return { walk: { filter, path: way, before, limit }, ranged };
}

/** Nothing is left to compare in what ranges lead to. */
function isFoundByRanges(term: Term): boolean {
  return isOfKind(term) || term.field === 'since' || term.field === 'until';
}

/** How far the ranges were read, where all that was found in them was looked at. */
function withEnd(candidates: Candidates, ranged: Ranged | null): Candidates {
  if (ranged === null) return candidates;
  const { rows, last } = candidates;
  if (rows < ranged.ids.length) return { ...candidates, isLast: false };
  return { ...candidates, last: ranged.next ?? last, isLast: ranged.next === null };
}

/** Until ranges are written for all events, they are walked by the index of a column, if it is built, or by time. */
async function usablePath(filter: Filter, indexes: SearchIndexes): Promise<AnyPath> {
  const path = planSearch(filter);
  if (path.kind !== 'kinds' || (await indexes.hasRanges())) return path;
  const column = columnOf(filter);
  return column !== null && (await indexes.has(column.column)) ? column : { kind: 'time' };
}

/** An event that may fit, and the size of its body. */
type Found = readonly [id: string, bytes: number];

type Candidates = Readonly<{
  rows: number;
  last: string | null;
  isLast: boolean;
  bytes: number;
  found: readonly Found[];
}>;

/** The next rows of the path, and which of them may fit. */
async function findCandidates(query: Query, walk: Walk, most: PartRequest): Promise<Candidates> {
  for (let limit = most.rows; ; limit = Math.ceil(limit / 4)) {
    const { statement, values } = sliceStatement(walk, limit, most.bytes);
    const [row] = await query(statement, values);
    const { rows, last, bytes, found } = row!;
    if (bytes > most.bytes && limit > 1) continue;
    return { rows, last, isLast: rows < limit, bytes, found: found ?? [] };
  }
}

type SliceRow = Readonly<{
  rows: number;
  last: string | null;
  bytes: number;
  found: readonly Found[] | null;
}>;

/** Of a slice with too many bytes, which the server knows without reading them, no body is read. */
export function sliceStatement(
  walk: Walk,
  limit: number,
  mostBytes: number,
): Readonly<{ statement: Statement<SliceRow>; values: unknown[] }> {
  const parameters = createParameters();
  const { path, filter, before } = walk;
  const next = candidates(path, filter, before, limit, parameters);
  const where = searchWhere(filter, postgresDialect(parameters));
  const mayRead = limit > 1 ? `(select bytes from size) <= ${mostBytes} and ` : '';
  const bytes = filter.some(readsPayload)
    ? 'select coalesce(sum(octet_length(e.body)), 0)::bigint as bytes from w join events e on e.id = w.id'
    : 'select 0::bigint as bytes';
  const text = `
with w as materialized (${next}),
size as materialized (${bytes}),
hits as materialized (
  select distinct e.id, octet_length(e.body) as bytes from w join events e on e.id = w.id
  where ${mayRead}${where.sql}
  order by e.id desc ${where.isExact ? `limit ${walk.limit}` : ''}
)
select (select count(*) from w)::integer as rows, (select id from w order by id limit 1) as last,
  (select bytes from size) as bytes, (select json_agg(json_build_array(id, bytes) order by id desc) from hits) as found`;
  return { statement: { name: 'search_slice', text }, values: parameters.values };
}

/** How many of the rows come up to this id. */
async function countTo(query: Query, walk: Walk, rows: number, id: string): Promise<number> {
  const parameters = createParameters();
  const next = candidates(walk.path, walk.filter, walk.before, rows, parameters);
  const text = `select count(*)::integer as rows from (${next}) w where id >= ${parameters.place(id, 'uuid')}`;
  const [row] = await query<Readonly<{ rows: number }>>({ name: 'search_count', text }, parameters.values);
  return row!.rows;
}

/** Events that are fetched at once, so that neither memory nor the event loop feels a slice of large ones. */
const FETCHED = { rows: 50, bytes: 1024 * 1024 };

/** Reads events until enough of them fit. */
async function keepFitting(
  query: Query,
  { filter, limit }: Walk,
  found: readonly Found[],
): Promise<SearchHit[]> {
  const { isExact } = searchWhere(filter, postgresDialect(createParameters()));
  const hits: SearchHit[] = [];
  for (const ids of groupsOf(found)) {
    const fitting = isExact ? ids : await fittingOf(query, filter, ids);
    for (const hit of await readHits(query, filter, fitting)) if (hits.length < limit) hits.push(hit);
    if (hits.length === limit) break;
  }
  return hits;
}

function* groupsOf(found: readonly Found[]): Generator<string[]> {
  let group: string[] = [];
  let bytes = 0;
  for (const [id, size] of found) {
    if (group.length > 0 && (group.length === FETCHED.rows || bytes + size > FETCHED.bytes)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(id);
    bytes += size;
  }
  if (group.length > 0) yield group;
}

const SEARCH_EVENTS: Statement<IdentifiedEventRow> = {
  name: 'search_events',
  text: `select ${EVENT_COLUMNS} from events e where e.id = any($1::uuid[])`,
};

async function fittingOf(query: Query, filter: Filter, ids: readonly string[]): Promise<string[]> {
  const events = (await query(SEARCH_EVENTS, [ids])).map(readEventRow);
  const fitting = new Set(events.filter((event) => fitsEvent(filter, event, null)).map(({ id }) => id));
  return ids.filter((id) => fitting.has(id));
}

const SEARCH_VIEWS: Statement<ViewRow> = {
  name: 'search_views',
  text: `select ${VIEW_COLUMNS} from events e where e.id = any($1::uuid[]) order by e.id desc`,
};

type SearchedDelivery = DeliveryRow & Numbered & Readonly<{ http_status: number | null }>;

const SEARCH_DELIVERIES: Statement<SearchedDelivery> = {
  name: 'search_deliveries',
  text: `
select ${DELIVERY_COLUMNS}, (
  select a.http_status from attempts a where a.event_id = d.event_id and a.delivery = d.number order by a.number desc limit 1
) as http_status
from deliveries d where d.event_id = any($1::uuid[]) order by d.event_id, d.number`,
};

export const SEARCH_STATEMENTS: readonly Statement[] = [SEARCH_EVENTS, SEARCH_VIEWS, SEARCH_DELIVERIES];

/** The hits of these events, newest first. */
async function readHits(query: Query, filter: Filter, ids: readonly string[]): Promise<SearchHit[]> {
  if (ids.length === 0) return [];
  const [views, rows] = [await query(SEARCH_VIEWS, [ids]), await query(SEARCH_DELIVERIES, [ids])];
  const byEvent = Map.groupBy(rows, ({ event_id: id }) => id);
  const needsDelivery = filter.some(isOfDelivery);
  return views.flatMap((view) => {
    const all = byEvent.get(view.id) ?? [];
    const replayed = new Set(all.map(({ replay_of: replayOf }) => replayOf));
    const deliveries = all
      .map((row) => ({ row, delivery: toDelivery(numbersOf(row), row) }))
      .filter(({ row, delivery }) => {
        const { http_status: httpStatus, number } = row;
        return fitsDelivery(filter, { ...delivery, httpStatus, isReplayed: replayed.has(number) });
      })
      .map(({ delivery }) => delivery);
    return deliveries.length === 0 && needsDelivery ? [] : [{ event: viewOf(view), deliveries }];
  });
}
