import type { DatabaseSync } from 'node:sqlite';
import type { RejectedPage, RejectedRequest, RejectedSummary } from '../store.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';

/** The questions of RejectedStore. */
export type RejectedQueries = Readonly<{
  listRejected(limit: number, before: string | null, source: string | null): RejectedPage;
  readRejected(id: string): RejectedRequest | null;
}>;

const SUMMARY = 'seq, id, source, reason, detail, method, url, content_type, body_bytes, received_at';
const AFTER_ALL = Number.MAX_SAFE_INTEGER;

export function prepareRejectedQueries(db: DatabaseSync): RejectedQueries {
  const listAll = db.prepare(`select ${SUMMARY} from rejected where seq < ? order by seq desc limit ?`);
  const listOfSource = db.prepare(
    `select ${SUMMARY} from rejected where source = ? and seq < ? order by seq desc limit ?`,
  );
  const find = db.prepare(`select ${SUMMARY}, headers, body from rejected where id = ?`);
  return {
    listRejected(limit, before, source) {
      const below = before === null ? AFTER_ALL : Number(before);
      const rows =
        source === null ? listAll.all(below, limit + 1) : listOfSource.all(source, below, limit + 1);
      const page = rows.slice(0, limit);
      return {
        requests: page.map(toSummary),
        next: rows.length > limit ? String(page.at(-1)!.seq) : null,
      };
    },
    readRejected(id) {
      const row = find.get(uuidToBytes(id));
      if (row === undefined) return null;
      const headers = JSON.parse(row.headers as string) as string[];
      return { ...toSummary(row), headers, body: row.body as Uint8Array | null };
    },
  };
}

function toSummary(row: Record<string, unknown>): RejectedSummary {
  return {
    id: bytesToUuid(row.id as Uint8Array),
    source: row.source as string,
    reason: row.reason as string,
    detail: row.detail as string,
    method: row.method as string,
    url: row.url as string,
    contentType: row.content_type as string,
    bodyBytes: row.body_bytes as number,
    receivedAtMs: row.received_at as number,
  };
}
