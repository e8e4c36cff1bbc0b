import type { EventView } from '../../domain/event.ts';
import type { HashNames } from '../erased-names.ts';
import type { Query, Statement } from './database.ts';
import { VIEW_COLUMNS, type ViewRow, viewOf } from './event-view.ts';
import type { Insert } from './insert.ts';
import { packBodies } from './packed-bodies.ts';

/** Finds events by key, or else by replay mark, and compares bodies. A key that is a mark is known within its window. */
export const KNOWN: Statement<ViewRow & Readonly<{ n: number; conflict: boolean; by: 'key' | 'mark' }>> = {
  name: 'known',
  text: `
select asked.n, e.body <> substring($5::bytea from asked.body_start for asked.body_length) as conflict,
  case when found.by_key is null then 'mark' else 'key' end as by, ${VIEW_COLUMNS}
from unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $6::bytea[], $7::bigint[], $8::bytea[], $9::bigint[])
  with ordinality
  as asked (source, idempotency_key, body_start, body_length, digest, since, key_digest, key_since, n)
cross join lateral (select
  (select k.id from events k
   where k.id = coalesce(${newestOf('asked.source', 'asked.key_digest')}, ${idOf('asked.source', 'asked.idempotency_key')})
     and (asked.key_since is null or k.received_at >= asked.key_since)) as by_key,
  (select m.event_id from replay_marks m
   where m.source = asked.source and m.digest = asked.digest and m.received_at >= asked.since) as by_mark
) found
join events e on e.id = coalesce(found.by_key, found.by_mark)`,
};

/** The newest event of a key that is a mark. */
function newestOf(source: string, digest: string): string {
  return `(select n.id from replay_marks m join events n on n.id = m.event_id
    where m.source = ${source} and m.digest = ${digest})`;
}

function idOf(source: string, key: string): string {
  return `(select i.id from events i where i.source = ${source} and i.idempotency_key = ${key})`;
}

export type Known = Readonly<{ event: EventView; conflict: boolean; by: 'key' | 'mark' }>;

/** Finds erased events by the hashes of keys and marks, as KNOWN does by their names. */
export const KNOWN_ERASED: Statement<ViewRow & Readonly<{ n: number; by: 'key' | 'mark' }>> = {
  name: 'known_erased',
  text: `
select asked.n, case when found.by_key is null then 'mark' else 'key' end as by, ${VIEW_COLUMNS}
from unnest($1::text[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bigint[]) with ordinality
  as asked (source, key_hash, key_since, mark_hash, since, n)
cross join lateral (select
  (select x.event_id from erased x join events k on k.id = x.event_id
   where x.source = asked.source and x.key_hash = asked.key_hash
     and case when asked.key_since is null then x.key_number = 1 else k.received_at >= asked.key_since end
   order by x.key_number desc limit 1) as by_key,
  (select m.event_id from replay_marks m
   where m.source = asked.source and m.digest = asked.mark_hash and m.received_at >= asked.since) as by_mark
) found
join events e on e.id = coalesce(found.by_key, found.by_mark)`,
};

/**
 * The event that each insert repeats, null where it is new.
 * @param names unless nothing was ever erased
 */
export async function findKnown(
  query: Query,
  batch: readonly Insert[],
  names: HashNames | null,
): Promise<(Known | null)[]> {
  const bodies = packBodies(batch.map(({ event }) => event.body));
  const rows = await query(KNOWN, [
    batch.map(({ event }) => event.source),
    batch.map(({ event }) => event.idempotencyKey),
    bodies.starts,
    bodies.lengths,
    bodies.bytes,
    batch.map(({ replayMark }) => replayMark?.digest ?? null),
    batch.map(({ replayMark }) => replayMark?.sinceMs ?? null),
    batch.map(({ keyMark }) => keyMark?.digest ?? null),
    batch.map(({ keyMark }) => keyMark?.sinceMs ?? null),
  ]);
  const found: (Known | null)[] = batch.map(() => null);
  for (const row of rows) {
    found[row.n - 1] = { event: viewOf(row), conflict: row.conflict, by: row.by };
  }
  return names === null ? found : addErased(query, batch, names, found);
}

/** The key is the first name: an erased event that had it comes before one that has the mark. */
async function addErased(
  query: Query,
  batch: readonly Insert[],
  names: HashNames,
  found: readonly (Known | null)[],
): Promise<(Known | null)[]> {
  const all = [...found];
  const rows = await query(KNOWN_ERASED, [
    batch.map(({ event }) => event.source),
    batch.map(({ event }) => names.ofKey(event.source, event.idempotencyKey)),
    batch.map(({ keyMark }) => keyMark?.sinceMs ?? null),
    batch.map(({ event, replayMark: mark }) =>
      mark === null ? null : names.ofMark(event.source, mark.digest),
    ),
    batch.map(({ replayMark }) => replayMark?.sinceMs ?? null),
  ]);
  for (const row of rows) {
    const known = found[row.n - 1];
    const isFirst = row.by === 'key' ? known?.by !== 'key' : !known;
    // Nothing can tell whether its body was another.
    if (isFirst) all[row.n - 1] = { event: viewOf(row), conflict: false, by: row.by };
  }
  return all;
}

/** The newest event of each key that is a mark. */
export const NEWEST: Statement<Readonly<{ n: number; idempotency_key: string; received_at: number }>> = {
  name: 'newest',
  text: `
select asked.n, e.idempotency_key, e.received_at
from unnest($1::text[], $2::text[], $3::bytea[]) with ordinality as asked (source, idempotency_key, digest, n)
join events e on e.id = coalesce(
  ${newestOf('asked.source', 'asked.digest')}, ${idOf('asked.source', 'asked.idempotency_key')}
)`,
};

/** Of the erased events of each key that is a mark, the one with the greatest number. */
export const NEWEST_ERASED: Statement<Readonly<{ n: number; key_number: number; received_at: number }>> = {
  name: 'newest_erased',
  text: `
select asked.n, last.key_number, last.received_at
from unnest($1::text[], $2::bytea[]) with ordinality as asked (source, key_hash, n)
cross join lateral (
  select x.key_number, e.received_at from erased x join events e on e.id = x.event_id
  where x.source = asked.source and x.key_hash = asked.key_hash order by x.key_number desc limit 1
) last`,
};

/** All later keys of marks. */
export const LATER_KEYS: Statement<Readonly<{ n: number; idempotency_key: string }>> = {
  name: 'later_keys',
  text: `
select asked.n, e.idempotency_key
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as asked (source, above, below, n)
join events e on e.source = asked.source and e.idempotency_key > asked.above and e.idempotency_key < asked.below`,
};
