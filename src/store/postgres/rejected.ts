import type { Verbs } from '../forward.ts';
import { type RejectedBounds, type RejectedRequest, rejectedBytes } from '../store.ts';
import { appendAudit } from './audit.ts';
import { TALLY_CLEANUP } from './cleanups.ts';
import type { Database, Query, QueryContext, Statement } from './database.ts';
import { createLane, failingAlone, inParts, type Lane, splitBatch } from './lane.ts';
import { packBodies } from './packed-bodies.ts';

const KEEP_MAX_BATCH = 256;
const KEEP_MAX_BATCH_BYTES = 8 * 1024 * 1024;

type Keep = Readonly<{ request: RejectedRequest; bounds: RejectedBounds }>;
export type KeepLane = Lane<Keep, undefined>;

/**
 * Requests, and of what their sources had before the oldest go. A statement does not see its own rows, so the room
 * that is left for the old ones is a parameter.
 */
export const KEEP_REJECTED: Statement = {
  name: 'keep_rejected',
  text: `
with input as materialized (
  select * from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::integer[],
    $10::bigint[], $11::integer[], $12::integer[], $13::integer[]
  ) with ordinality as t (
    id, source, reason, detail, method, url, content_type, headers, body_bytes, received_at, kept_bytes, body_start,
    body_length, n
  )
),
kept as (
  insert into rejected (
    id, source, reason, detail, method, url, content_type, headers, body_bytes, received_at, kept_bytes, body
  )
  select id, source, reason, detail, method, url, content_type, headers, body_bytes, received_at, kept_bytes,
    case when body_length >= 0 then substring($14::bytea from body_start for body_length) end
  from input order by n
),
room as materialized (
  select * from unnest($15::text[], $16::bigint[], $17::bigint[]) as t (source, requests, bytes)
),
aged as (
  select old.seq, old.nth > room.requests or old.bytes > room.bytes as goes
  from room cross join lateral (
    select r.seq, row_number() over newest as nth, sum(r.kept_bytes) over newest as bytes
    from rejected r where r.source = room.source
    window newest as (order by r.seq desc)
  ) old
)
delete from rejected where seq in (select seq from aged where goes)`,
};

export const DROP_REJECTED: Statement = {
  name: 'drop_rejected',
  text: 'delete from rejected where id = $1 returning id',
};

export const PURGE_REJECTED: Statement = {
  name: 'purge_rejected',
  text: `
delete from rejected where seq in (
  select seq from rejected where received_at < $1 order by received_at, seq limit $2 for update skip locked
) returning seq`,
};

/** Keeps rejected requests many at a time, since they come in floods; one statement after the other, in their order. */
export function createKeepLane(query: Query): KeepLane {
  return createLane<Keep, undefined>({
    commit: inParts(
      splitByBounds,
      failingAlone(async (batch) => {
        await keepRejected(query, batch);
        return batch.map(() => undefined);
      }),
    ),
    weigh: ({ request }) => request.body?.length ?? 0,
    maxBatch: KEEP_MAX_BATCH,
    maxBatchBytes: KEEP_MAX_BATCH_BYTES,
    maxInFlight: 1,
  });
}

/** Parts of the same bounds. Bounds are configured, so they differ only in tests and at the moment of a change. */
function splitByBounds(batch: readonly Keep[]): (readonly Keep[])[] {
  return splitBatch(batch, () => {
    let first: RejectedBounds | null = null;
    return ({ bounds }) => {
      first ??= bounds;
      return bounds.maxRequests === first.maxRequests && bounds.maxBytes === first.maxBytes;
    };
  });
}

/** Keeps requests in their order. All of a source have the same bounds. */
async function keepRejected(query: Query, batch: readonly Keep[]): Promise<void> {
  const { kept, rooms } = lastThatFit(batch);
  if (kept.length === 0) return;
  const requests = kept.map(({ request }) => request);
  const bodies = packBodies(requests.map(({ body }) => body ?? new Uint8Array()));
  await query(KEEP_REJECTED, [
    requests.map(({ id }) => id),
    requests.map(({ source }) => source),
    requests.map(({ reason }) => reason),
    requests.map(({ detail }) => detail),
    requests.map(({ method }) => method),
    requests.map(({ url }) => url),
    requests.map(({ contentType }) => contentType),
    requests.map(({ headers }) => JSON.stringify(headers)),
    requests.map(({ bodyBytes }) => bodyBytes),
    requests.map(({ receivedAtMs }) => receivedAtMs),
    requests.map(rejectedBytes),
    bodies.starts,
    requests.map(({ body }) => body?.length ?? -1),
    bodies.bytes,
    [...rooms.keys()],
    [...rooms.values()].map(({ maxRequests }) => maxRequests),
    [...rooms.values()].map(({ maxBytes }) => maxBytes),
  ]);
}

/** The latest requests of each source that fit its bounds, since older ones would be deleted again, and the room left. */
function lastThatFit(
  batch: readonly Keep[],
): Readonly<{ kept: Keep[]; rooms: ReadonlyMap<string, RejectedBounds> }> {
  const rooms = new Map<string, RejectedBounds>();
  const full = new Set<string>();
  const kept: Keep[] = [];
  for (const keep of batch.toReversed()) {
    const { source } = keep.request;
    const bytes = rejectedBytes(keep.request);
    if (full.has(source) || keep.bounds.maxRequests < 1 || bytes > keep.bounds.maxBytes) continue;
    const { maxRequests, maxBytes } = rooms.get(source) ?? keep.bounds;
    if (maxRequests < 1 || bytes > maxBytes) {
      full.add(source);
      // What an older one would have left no room for is gone as well.
      rooms.set(source, { maxRequests: 0, maxBytes: 0 });
      continue;
    }
    rooms.set(source, { maxRequests: maxRequests - 1, maxBytes: maxBytes - bytes });
    kept.unshift(keep);
  }
  return { kept, rooms };
}

/** @see RejectedStore */
export const rejectedVerbs: Verbs<
  QueryContext & Readonly<{ background: Database; keepLane: KeepLane }>,
  'keepRejected' | 'dropRejected' | 'purgeRejected'
> = {
  keepRejected: ({ keepLane }, request, bounds) => keepLane.submit({ request, bounds }),
  dropRejected({ background }, id, audit) {
    return background.transaction(async (query) => {
      if ((await query(DROP_REJECTED, [id])).length === 0) return 'unknown';
      await appendAudit(query, audit);
      return 'dropped';
    });
  },
  purgeRejected({ background }, beforeMs, limit) {
    return background.transaction(async (query) => {
      const { length } = await query(PURGE_REJECTED, [beforeMs, limit]);
      if (length > 0) await query(TALLY_CLEANUP, ['rejected', length, null, null]);
      return length;
    });
  },
};
