import type { EventView } from '../../domain/event.ts';
import type { Query, Statement } from './database.ts';
import { VIEW_COLUMNS, type ViewRow, viewOf } from './event-view.ts';
import type { Insert } from './insert.ts';
import { packBodies } from './packed-bodies.ts';

/** Looks events up by key or else by mark, and compares bodies with those that came first. */
export const KNOWN: Statement<ViewRow & Readonly<{ n: number; conflict: boolean }>> = {
  name: 'known',
  text: `
select asked.n, e.body <> substring($5::bytea from asked.body_start for asked.body_length) as conflict,
  ${VIEW_COLUMNS}
from unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $6::bytea[], $7::bigint[]) with ordinality
  as asked (source, idempotency_key, body_start, body_length, digest, since, n)
join events e on e.id = coalesce(
  (select k.id from events k where k.source = asked.source and k.idempotency_key = asked.idempotency_key),
  (select m.event_id from replay_marks m
   where m.source = asked.source and m.digest = asked.digest and m.received_at >= asked.since)
)`,
};

export type Known = Readonly<{ event: EventView; conflict: boolean }>;

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
  ]);
  const found: (Known | null)[] = batch.map(() => null);
  for (const row of rows) {
    found[row.n - 1] = { event: viewOf(row), conflict: row.conflict };
  }
  return found;
}
