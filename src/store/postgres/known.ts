import type { EventView } from '../../domain/event.ts';
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

/** The event that each insert repeats, null where it is new. */
export async function findKnown(query: Query, batch: readonly Insert[]): Promise<(Known | null)[]> {
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
  return found;
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

/** All later keys of marks. */
export const LATER_KEYS: Statement<Readonly<{ n: number; idempotency_key: string }>> = {
  name: 'later_keys',
  text: `
select asked.n, e.idempotency_key
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as asked (source, above, below, n)
join events e on e.source = asked.source and e.idempotency_key > asked.above and e.idempotency_key < asked.below`,
};
