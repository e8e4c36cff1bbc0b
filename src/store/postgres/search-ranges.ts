import type { Filter } from '../../filter/filter.ts';
import { idBefore, uuidTimeMs } from '../../runtime/ids.ts';
import type { IdRange } from '../plan-search.ts';
import { searchWhere } from '../search-where.ts';
import type { Query, Statement } from './database.ts';
import { AHEAD_MS, RANGE_MS } from './event-ranges.ts';
import { createParameters, postgresDialect } from './search-candidates.ts';
import { isOfKind, type Kind, kindsOf } from './search-kinds.ts';

/** Times of ids, both ends included. */
type Span = Readonly<{ firstMs: number; lastMs: number }>;

/** Events from new to old, and where to go on; null if there are no others. */
export type Ranged = Readonly<{ ids: readonly string[]; next: string | null }>;

/** How often one call reads events. */
const MOST_READS = 12;
/** Events of the newest span that one of these reads looks at. */
const EVENTS_OF_NEWEST = 4_000;
/** Those of the others, and of each at least. */
const EVENTS_OF_OTHERS = 16_000;
const EVENTS_OF_EACH = 64;
/** Ranges that are known at a time. */
const RANGES_READ = 4_096;
const LAST_MS = 2 ** 48 - 1;

/**
 * Finds the newest events in the range of ids that fit the filter's terms about sources and types, at most `limit`. Ranges are
 * taken by their ends, from new to old and twice as many each time; below the end of the last one there may be others.
 * @returns null when the terms fit too many sources and types
 */
export async function findRanged(
  query: Query,
  filter: Filter,
  { sinceId, untilId }: IdRange,
  limit: number,
): Promise<Ranged | null> {
  const kinds = await kindsOf(query, filter);
  if (kinds === null) return null;
  const ids: string[] = [];
  const sinceMs = uuidTimeMs(sinceId);
  let spans: readonly Span[] = [];
  let beforeMs: number | null = Math.min(uuidTimeMs(untilId), LAST_MS) + RANGE_MS + AHEAD_MS;
  let until = untilId;
  for (let [reads, most] = [0, 1]; reads < MOST_READS; most *= 2) {
    if (beforeMs !== null) {
      const next = await nextRanges(query, kinds, { beforeMs, sinceMs }, most);
      spans = merged([...spans, ...next.spans]);
      beforeMs = next.downToMs;
    }
    const downTo = idBefore(beforeMs ?? sinceMs);
    const within = clipped(spans, { sinceId: downTo > sinceId ? downTo : sinceId, untilId: until });
    const read = await readSpans(query, filter, within, limit - ids.length);
    if (within.length > 0) reads += 1;
    ids.push(...read.ids);
    if (ids.length === limit) return { ids, next: ids.at(-1)! };
    if (read.reached === null && beforeMs === null) return { ids, next: null };
    const end = read.reached ?? downTo;
    if (end < until) until = end;
    spans = spans.filter(({ firstMs }) => firstMs <= uuidTimeMs(until));
  }
  return { ids, next: until };
}

type RangeRow = Readonly<{ n: number; first_ms: number; last_ms: number }>;

/** The newest ranges of each kind that end in a stretch of time, with all that end with the last of them. */
export const RANGES_OF_KINDS: Statement<RangeRow> = {
  name: 'ranges_of_kinds',
  text: `
select k.n::integer as n, r.first_ms, r.last_ms
from unnest($1::text[], $2::text[]) with ordinality as k (source, event_type, n) cross join lateral (
  select first_ms, last_ms from event_ranges
  where source = k.source and event_type = k.event_type and last_ms < $3::bigint and last_ms >= $4::bigint
  order by last_ms desc fetch first ($5::integer) rows with ties
) r`,
};

/** @returns the time down to which they are all that there are; null if there are no others */
async function nextRanges(
  query: Query,
  kinds: readonly Kind[],
  { beforeMs, sinceMs }: Readonly<{ beforeMs: number; sinceMs: number }>,
  most: number,
): Promise<Readonly<{ spans: readonly Span[]; downToMs: number | null }>> {
  const ofEach = Math.max(2, Math.min(most, Math.floor(RANGES_READ / Math.max(kinds.length, 1))));
  const rows = await query(RANGES_OF_KINDS, [
    kinds.map(({ source }) => source),
    kinds.map(({ eventType }) => eventType),
    beforeMs,
    sinceMs,
    ofEach,
  ]);
  const ends = [...Map.groupBy(rows, ({ n }) => n).values()]
    .filter((ofKind) => ofKind.length >= ofEach)
    .map((ofKind) => Math.min(...ofKind.map(({ last_ms }) => last_ms)));
  return {
    spans: rows.map(({ first_ms, last_ms }) => ({ firstMs: first_ms, lastMs: last_ms })),
    downToMs: ends.length === 0 ? null : Math.max(...ends),
  };
}

/** Spans that have no time in common, from new to old. */
function merged(spans: readonly Span[]): readonly Span[] {
  const all: Span[] = [];
  for (const span of spans.toSorted((one, other) => other.lastMs - one.lastMs)) {
    const newer = all.at(-1);
    if (newer === undefined || span.lastMs < newer.firstMs) all.push(span);
    else if (span.firstMs < newer.firstMs) all[all.length - 1] = { ...newer, firstMs: span.firstMs };
  }
  return all;
}

/** The spans as ranges of ids within one. */
function clipped(spans: readonly Span[], { sinceId, untilId }: IdRange): readonly IdRange[] {
  return spans
    .map(({ firstMs, lastMs }) => {
      const [first, end] = [idBefore(firstMs), lastMs < LAST_MS ? idBefore(lastMs + 1) : untilId];
      return { sinceId: first > sinceId ? first : sinceId, untilId: end < untilId ? end : untilId };
    })
    .filter((range) => range.sinceId < range.untilId);
}

/** The newest events of the spans that fit. @returns also how far down they were read, or null: to their end */
async function readSpans(
  query: Query,
  filter: Filter,
  spans: readonly IdRange[],
  limit: number,
): Promise<Readonly<{ ids: readonly string[]; reached: string | null }>> {
  if (spans.length === 0) return { ids: [], reached: null };
  const { statement, values } = spansStatement(filter, spans, limit);
  const rows = await query(statement, values);
  let reached: string | null = null;
  for (const row of rows) if (row.reached !== null && row.reached > (reached ?? '')) reached = row.reached;
  const ids = rows.flatMap((row) => row.ids).filter((id) => id >= (reached ?? ''));
  return { ids: ids.sort((one, other) => (one < other ? 1 : -1)).slice(0, limit), reached };
}

type SpanRow = Readonly<{ ids: readonly string[]; reached: string | null }>;

export function spansStatement(
  filter: Filter,
  spans: readonly IdRange[],
  limit: number,
): Readonly<{ statement: Statement<SpanRow>; values: unknown[] }> {
  const parameters = createParameters();
  const { sql } = searchWhere(filter.filter(isOfKind), postgresDialect(parameters));
  const since = parameters.place(
    spans.map(({ sinceId }) => sinceId),
    'uuid[]',
  );
  const until = parameters.place(
    spans.map(({ untilId }) => untilId),
    'uuid[]',
  );
  const ofOthers = Math.max(EVENTS_OF_EACH, Math.floor(EVENTS_OF_OTHERS / spans.length));
  const most = parameters.place(
    spans.map((_, at) => (at === 0 ? EVENTS_OF_NEWEST : Math.min(EVENTS_OF_NEWEST, ofOthers))),
    'integer[]',
  );
  const text = `
select w.ids, w.reached from unnest(${since}, ${until}, ${most}) as r (since, until, most) cross join lateral (
  with scanned as materialized (
    select id, source, event_type from events where id >= r.since and id < r.until order by id desc limit r.most
  )
  select array(select e.id::text from scanned e where ${sql} order by e.id desc limit ${limit}) as ids,
    case when (select count(*) from scanned) = r.most then (select id::text from scanned order by id limit 1) end as reached
) w`;
  return { statement: { name: 'search_spans', text }, values: parameters.values };
}
