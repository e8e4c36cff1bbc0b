import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { Filter } from '../../filter/filter.ts';
import { idRange, type SearchPath } from '../plan-search.ts';
import { STRIDE } from './delivery-key.ts';
import type { SeqRange } from './seq-range.ts';
import { uuidToBytes } from './uuid-bytes.ts';

/** Values of a statement's parameters, which it names by number: `?1`, `?2`… */
export type Parameters = Readonly<{
  values: (string | number | Uint8Array)[];
  place(value: string | number | Uint8Array): string;
}>;

export function createParameters(): Parameters {
  const values: (string | number | Uint8Array)[] = [];
  return { values, place: (value) => `?${values.push(value)}` };
}

/** Where a search goes on: behind an event's id or, on the way by deliveries, behind its seq. */
export type Position = Readonly<{ kind: 'id'; id: string }> | Readonly<{ kind: 'seq'; seq: number }>;

export function readPosition(cursor: string): Position {
  return cursor.includes('-') ? { kind: 'id', id: cursor } : { kind: 'seq', seq: Number(cursor) };
}

export type Candidates = Readonly<{
  /** Selects `id` and `seq` of the next events: from new to old, at most `limit` rows. */
  sql(limit: number): string;
  /** Whether they come in the order of `seq`, and an event may come once for each delivery. */
  bySeq: boolean;
}>;

/** As `planSearch` has chosen; what goes by source and type has been looked up. */
export type Path =
  | Exclude<SearchPath, { kind: 'kinds' | 'deliveries' }>
  | (Extract<SearchPath, { kind: 'deliveries' }> & Readonly<{ within: SeqRange }>)
  | Readonly<{ kind: 'seqs'; seqs: readonly number[] }>;

/** The next events on the path behind the position. */
export function candidates(
  path: Path,
  filter: Filter,
  position: Position | null,
  { place }: Parameters,
): Candidates {
  if (path.kind === 'deliveries') {
    const { from, to } = path.within;
    const until = place(Math.min(to, position?.kind === 'seq' ? position.seq : to) * STRIDE);
    const within = `key < ${until} and key >= ${place(from * STRIDE)}`;
    const more = ofDeliveries(filter, place);
    const walks = path.statuses.map((status) => [status, within + more(status)] as const);
    return { bySeq: true, sql: (limit) => byDeliveries(walks, limit) };
  }
  const range = idRange(filter, position?.kind === 'id' ? position.id : null);
  const [until, since] = [place(uuidToBytes(range.untilId)), place(uuidToBytes(range.sinceId))];
  const within = `id < ${until} and id >= ${since}`;
  const inOrder = (limit: number) => `order by id desc limit ${limit}`;
  switch (path.kind) {
    case 'ids': {
      const ids = path.ids.map((id) => place(uuidToBytes(id))).join();
      return byId(
        (limit) => `select id, seq from events where id in (${ids}) and ${within} ${inOrder(limit)}`,
      );
    }
    case 'keys': {
      const keys = path.keys.map(place).join();
      return byId(
        (limit) => `${SOURCES}
          select e.id, e.seq from sources s cross join events e indexed by events_by_key
          where e.source = s.source and e.idempotency_key in (${keys}) and ${within.replaceAll(/\bid\b/g, 'e.id')}
          order by e.id desc limit ${limit}`,
      );
    }
    case 'search': {
      const values = path.values.map(place).join();
      const name = place(path.name);
      return byId(
        (limit) => `select s.id, e.seq from event_search s cross join events e
          where s.name = ${name} and s.value in (${values}) and s.${within.replace('and id', 'and s.id')} and e.id = s.id
          order by s.id desc limit ${limit}`,
      );
    }
    case 'seqs': {
      const seqs = place(JSON.stringify(path.seqs));
      return byId(
        (limit) =>
          `select e.id, e.seq from json_each(${seqs}) j cross join events e where e.seq = j.value order by e.id desc limit ${limit}`,
      );
    }
    case 'time':
      return byId(
        (limit) =>
          `select id, seq from events indexed by sqlite_autoindex_events_1 where ${within} ${inOrder(limit)}`,
      );
  }
}

function byId(sql: Candidates['sql']): Candidates {
  return { sql, bySeq: false };
}

/** The sources that have events, one look-up each: there are few, and a key is only unique within its source. */
const SOURCES = `
  with recursive sources (source) as (
    select min(source) from events
    union all
    select (select min(source) from events where source > sources.source) from sources where source is not null
  )`;

/** The partial indexes of what is open are in other orders; what is open is bounded, so it may be sorted. */
const OF_STATUS = {
  pending: 'deliveries_due',
  processing: 'deliveries_leased',
  failed: 'deliveries_dead',
  completed: null,
} as const;

/** What the index of the status tells of a delivery, so that others are passed over without a look at them. */
function ofDeliveries(filter: Filter, place: Parameters['place']): (status: DeliveryStatus) => string {
  const stated = filter.filter(({ negated }) => !negated);
  // Values are placed where they are used: a statement takes none that it does not name.
  const destinations = () =>
    stated.flatMap((term) =>
      term.field === 'destination' ? [` and destination in (${term.values.map(place).join()})`] : [],
    );
  const groups = () =>
    stated.flatMap((term) =>
      term.field === 'group'
        ? [` and coalesce(failure_group, '') in (${term.values.map(place).join()})`]
        : [],
    );
  return (status) =>
    [...(status === 'processing' ? [] : destinations()), ...(status === 'failed' ? groups() : [])].join('');
}

function byDeliveries(walks: readonly (readonly [DeliveryStatus, string])[], limit: number): string {
  const keys = walks.map(
    ([status, condition]) => `select key from (
      select key from deliveries indexed by ${OF_STATUS[status]} where status = '${status}' and ${condition}
      order by key desc limit ${limit})`,
  );
  return `select e.id, e.seq from (
      select key from (${keys.join(' union all ')}) order by key desc limit ${limit}
    ) w cross join events e where e.seq = w.key / ${STRIDE}`;
}
