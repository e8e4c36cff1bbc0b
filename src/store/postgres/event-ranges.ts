import { uuidTimeMs } from '../../runtime/ids.ts';

/*
 * Searches by source and type find events by ranges of time, which are ranges of ids: `event_ranges` has rows that say when a
 * source and a type had events. A range may reach ahead, and then later events of its kind need no row. Each event has a
 * range; a range may have no event any more, and speaks of no other source or type.
 */

/** A source and a type have events with ids of this time, both ends included. */
export type EventRange = Readonly<{ firstMs: number; lastMs: number; source: string; eventType: string }>;

/** The ranges that an insert is to write. */
export type NewRanges = Readonly<{
  rows: readonly EventRange[];
  /** They are committed: from now on they cover later events. */
  committed(): void;
}>;

/** What a node knows of the ranges that it has written. */
export type KnownRanges = Readonly<{
  /** The ranges that these events need beside those that are committed. */
  rangesOf(events: readonly Pick<RangedEvent, 'id' | 'source' | 'eventType'>[]): NewRanges;
  /** After a failure: the server that goes on may not have them. */
  forget(): void;
}>;

type RangedEvent = Readonly<{ id: string; source: string; eventType: string }>;

/** A range lies in one such minute, not counting how far it reaches ahead, so that a search knows where to look. */
export const RANGE_MS = 60_000;
/** How far a range reaches ahead at most. */
export const AHEAD_MS = 4_096;
const FIRST_AHEAD_MS = 16;
/** A search reads all events of a range: of so many at least one shall be of its kind. */
export const MOST_READ = 64;
/** Kinds that a node knows the ranges of. */
const MOST_KNOWN = 4_096;

/** The last range of a source and a type. */
type Known = {
  firstMs: number;
  lastMs: number;
  aheadMs: number;
  /** Events of its kind so far, and of all kinds when it was written. */
  seen: number;
  allBefore: number;
};

type Group = { kind: string; range: EventRange; count: number };

export function createKnownRanges(): KnownRanges {
  const known = new Map<string, Known>();
  let all = 0;

  const coverOf = ({ kind, range, count }: Group): Known | null => {
    const cover = known.get(kind);
    if (cover === undefined) return null;
    if (cover.firstMs > range.firstMs || cover.lastMs < range.lastMs) return null;
    cover.seen += count;
    return cover;
  };
  const keep = ({ kind, range: { firstMs, lastMs }, count }: Group, aheadMs: number): void => {
    if (known.size >= MOST_KNOWN && !known.has(kind)) known.clear();
    known.set(kind, { firstMs, lastMs: lastMs + aheadMs, aheadMs, seen: count, allBefore: all });
  };
  return {
    rangesOf(events) {
      all += events.length;
      const needed = groupsOf(events)
        .filter((group) => coverOf(group) === null)
        .map((group) => ({ group, aheadMs: aheadOf(known.get(group.kind), group.count, all) }));
      return {
        rows: needed.map(({ group: { range }, aheadMs }) => ({ ...range, lastMs: range.lastMs + aheadMs })),
        committed() {
          for (const { group, aheadMs } of needed) keep(group, aheadMs);
        },
      };
    },
    forget: () => known.clear(),
  };
}

/** Twice as far as the last time while the kind is frequent enough, so that few ranges are empty at their end. */
function aheadOf(last: Known | undefined, count: number, all: number): number {
  if (last === undefined || (last.seen + count) * MOST_READ < all - last.allBefore) return 0;
  return Math.min(AHEAD_MS, Math.max(FIRST_AHEAD_MS, 2 * last.aheadMs));
}

/** The events by source, type and minute. */
function groupsOf(events: readonly RangedEvent[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { id, source, eventType } of events) {
    const ms = uuidTimeMs(id);
    const kind = `${source}\0${eventType}`;
    const key = `${kind}\0${Math.floor(ms / RANGE_MS)}`;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { kind, range: { firstMs: ms, lastMs: ms, source, eventType }, count: 1 });
      continue;
    }
    const { firstMs, lastMs } = group.range;
    if (ms < firstMs) group.range = { ...group.range, firstMs: ms };
    if (ms > lastMs) group.range = { ...group.range, lastMs: ms };
    group.count += 1;
  }
  return [...groups.values()];
}

/** The time of an id. */
const msOf = (id: string) => `('x' || left(replace(${id}::text, '-', ''), 12))::bit(48)::bigint`;

/** The least id of a time. */
export const idAt = (ms: string) => `(lpad(to_hex(${ms}), 12, '0') || '00000000000000000000')::uuid`;

/**
 * Writes the ranges of events that follow each other, as common table expressions: of a rare kind a range for each of its
 * events, of a frequent one a range for each minute.
 * @param rows a table expression with `id`, `source` and `event_type`
 */
export function writeRangesOf(rows: string): string {
  return `
timed as (
  select source, event_type, ${msOf('id')} as ms, count(*) over (partition by source, event_type) as own,
    count(*) over () as of_all
  from ${rows}
),
ranged as (
  insert into event_ranges (first_ms, last_ms, source, event_type)
  select min(ms), max(ms), source, event_type from timed
  group by source, event_type, case when own * ${MOST_READ} < of_all then ms else ms / ${RANGE_MS} end
)`;
}
