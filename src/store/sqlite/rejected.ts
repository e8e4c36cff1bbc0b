import type { DatabaseSync } from 'node:sqlite';
import { type RejectedRequest, rejectedBytes } from '../store.ts';
import type { Verbs } from './operations.ts';
import { uuidToBytes } from './uuid-bytes.ts';

/** @see RejectedStore.keepRejected */
export function prepareKeepRejected(db: DatabaseSync): Verbs['keepRejected'] {
  const findTotals = db.prepare('select requests, bytes from rejected_totals where source = ?');
  const findOldest = db.prepare('select seq from rejected where source = ? order by seq limit 1');
  const remove = prepareRemove(db);
  const append = prepareAppend(db);
  return ({ request, bounds }) => {
    const bytes = rejectedBytes(request);
    if (bounds.maxRequests < 1 || bytes > bounds.maxBytes) return;
    const fits = () => {
      const totals = findTotals.get(request.source) as { requests: number; bytes: number } | undefined;
      if (totals === undefined) return true;
      return totals.requests < bounds.maxRequests && totals.bytes + bytes <= bounds.maxBytes;
    };
    while (!fits()) remove((findOldest.get(request.source) as { seq: number }).seq);
    append(request, bytes);
  };
}

/** @see RejectedStore.dropRejected */
export function prepareDropRejected(db: DatabaseSync): Verbs['dropRejected'] {
  const find = db.prepare('select seq from rejected where id = ?');
  const remove = prepareRemove(db);
  return ({ id }) => {
    const row = find.get(uuidToBytes(id)) as { seq: number } | undefined;
    if (row === undefined) return 'unknown';
    remove(row.seq);
    return 'dropped';
  };
}

/** @see RejectedStore.purgeRejected */
export function preparePurgeRejected(db: DatabaseSync): Verbs['purgeRejected'] {
  const findOld = db.prepare(
    'select seq from rejected where received_at < ? order by received_at, seq limit ?',
  );
  const remove = prepareRemove(db);
  return ({ beforeMs, limit }) => {
    const rows = findOld.all(beforeMs, limit) as { seq: number }[];
    for (const { seq } of rows) remove(seq);
    return rows.length;
  };
}

function prepareAppend(db: DatabaseSync): (request: RejectedRequest, bytes: number) => void {
  const append = db.prepare(
    `insert into rejected (id, source, reason, detail, method, url, content_type, body_bytes, received_at, kept_bytes,
       headers, body)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const count = db.prepare(
    `insert into rejected_totals (source, requests, bytes) values (?, 1, ?)
     on conflict (source) do update set requests = requests + 1, bytes = bytes + excluded.bytes`,
  );
  return (request, bytes) => {
    append.run(
      uuidToBytes(request.id),
      request.source,
      request.reason,
      request.detail,
      request.method,
      request.url,
      request.contentType,
      request.bodyBytes,
      request.receivedAtMs,
      bytes,
      JSON.stringify(request.headers),
      request.body,
    );
    count.run(request.source, bytes);
  };
}

/** Deletes one and takes it out of its source's totals. */
function prepareRemove(db: DatabaseSync): (seq: number) => void {
  const remove = db.prepare('delete from rejected where seq = ? returning source, kept_bytes');
  const uncount = db.prepare(
    'update rejected_totals set requests = requests - 1, bytes = bytes - ? where source = ?',
  );
  return (seq) => {
    const { source, kept_bytes } = remove.get(seq) as { source: string; kept_bytes: number };
    uncount.run(kept_bytes, source);
  };
}
