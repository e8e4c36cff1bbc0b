import type { Filter } from '../../filter/filter.ts';
import { idRange, type SearchPath } from '../plan-search.ts';
import type { SearchDialect } from '../search-where.ts';
import type { ColumnPath } from './search-column.ts';

/** Values of a statement's parameters. */
export type Parameters = Readonly<{
  values: unknown[];
  /** @param type as PostgreSQL names it */
  place(value: unknown, type: string): string;
}>;

export function createParameters(): Parameters {
  const values: unknown[] = [];
  return { values, place: (value, type) => `$${values.push(value)}::${type}` };
}

/** As `planSearch` has chosen; what is of a source and type has become ids. */
export type Path = Exclude<SearchPath, { kind: 'kinds' }> | ColumnPath;

/** Selects the ids of the next events on the path: from new to old, at most `limit`; some once for each delivery. */
export function candidates(
  path: Path,
  filter: Filter,
  before: string | null,
  limit: number,
  { place }: Parameters,
): string {
  const range = idRange(filter, before);
  const [until, since] = [place(range.untilId, 'uuid'), place(range.sinceId, 'uuid')];
  const within = `id < ${until} and id >= ${since}`;
  const inOrder = `order by id desc limit ${limit}`;
  switch (path.kind) {
    case 'ids':
      return `select id from events where id = any(${place(path.ids, 'uuid[]')}) and ${within} ${inOrder}`;
    case 'keys':
      return `${SOURCES} select e.id
        from sources s cross join unnest(${place(path.keys, 'text[]')}) as k (key)
        cross join lateral (
          -- The limit keeps the range of ids out of here, which would lead by another index through all of a source.
          select id from events where source = s.source and idempotency_key = k.key limit 1
        ) e
        where e.id < ${until} and e.id >= ${since} ${inOrder}`;
    case 'deliveries':
      return `select id from (${path.statuses.map(ofStatus).join(' union all ')}) w where ${within} ${inOrder}`;
    case 'search': {
      const name = `${place(path.name, 'text')} collate "C"`;
      // By rows, for the same reason as a column's values below.
      const walks = path.values.map((value) => {
        const key = `${name}, ${place(value, 'text')} collate "C"`;
        return `(select event_id as id from event_search
          where (name, value, event_id) < (${key}, ${until}) and (name, value, event_id) >= (${key}, ${since})
          order by name desc, value desc, event_id desc limit ${limit})`;
      });
      return walks.length === 1 ? walks[0]! : `select id from (${walks.join(' union all ')}) w ${inOrder}`;
    }
    case 'column': {
      const column = path.column === 'source' ? 'source' : 'event_type collate "C"';
      // By rows, so that no other index has the order: a rare value would be looked for among all events.
      const walks = path.values.map((value) => {
        const name = `${place(value, 'text')} collate "C"`;
        return `(select id from events where (${column}, id) < (${name}, ${until}) and (${column}, id) >= (${name}, ${since})
          order by ${column} desc, id desc limit ${limit})`;
      });
      return walks.length === 1 ? walks[0]! : `select id from (${walks.join(' union all ')}) w ${inOrder}`;
    }
    case 'time':
      return `select id from events where ${within} ${inOrder}`;
  }
  function ofStatus(status: string): string {
    if (status === 'failed') {
      return `(select event_id as id from deliveries where status = 'failed' and event_id < ${until} and event_id >= ${since}
        order by event_id desc, number desc limit ${limit})`;
    }
    // What is open is bounded, and in no index by id. Alone, so that the history is not walked in search of it.
    return `(with open as materialized (select event_id from deliveries where status = '${status}')
      select event_id as id from open)`;
  }
}

/** The sources that have events, one look-up each: there are few, and a key is only unique within its source. */
const SOURCES = `
with recursive sources (source) as (
  (select source from events order by source limit 1)
  union all
  select (select e.source from events e where e.source > s.source order by e.source limit 1)
  from sources s where s.source is not null
)`;

/** The words of PostgreSQL. */
export function postgresDialect({ place }: Parameters): SearchDialect {
  const text = (value: string) => place(value, 'text');
  return {
    text,
    number: (value) => place(value, 'integer'),
    bytes: (value) => place(Buffer.from(value), 'bytea'),
    id: (value) => place(value, 'uuid'),
    textContains: (column, part) => `strpos(${column}, ${text(part)}) > 0`,
    bytesContain: (column, part) => `position(${place(Buffer.from(part), 'bytea')} in ${column}) > 0`,
    fits(column, parts) {
      if (parts.length === 1) return `${column} = ${text(parts[0]!)}`;
      const pattern = parts.map((part) => part.replaceAll(/[\\%_]/g, '\\$&')).join('%');
      return `${column} collate "C" like ${text(pattern)}`;
    },
    mentions: (column, word) => `${column} ilike ${text(`%${word}%`)}`,
    eventId: 'event_id',
    ofEvent: 'd.event_id = e.id',
    lastHttpStatus: `(select a.http_status from attempts a where a.event_id = d.event_id and a.delivery = d.number
      order by a.number desc limit 1)`,
    isReplayed: 'exists (select from deliveries r where r.event_id = d.event_id and r.replay_of = d.number)',
    isUtf16: `substring(e.body from 1 for 2) in ('\\xfffe', '\\xfeff')`,
  };
}
