import type { Verbs } from '../forward.ts';
import type { RejectedSummary } from '../store.ts';
import type { QueryContext, Row, Statement } from './database.ts';

const SUMMARY = 'seq, id, source, reason, detail, method, url, content_type, body_bytes, received_at';

export const LIST_REJECTED: Statement = {
  name: 'list_rejected',
  text: `select ${SUMMARY} from rejected where seq < $1 order by seq desc limit $2`,
};
export const LIST_REJECTED_OF: Statement = {
  name: 'list_rejected_of',
  text: `select ${SUMMARY} from rejected where source = $3 and seq < $1 order by seq desc limit $2`,
};
export const READ_REJECTED: Statement = {
  name: 'read_rejected',
  text: `select ${SUMMARY}, headers, body from rejected where id = $1`,
};

const AFTER_ALL = Number.MAX_SAFE_INTEGER;

/** @see RejectedStore */
export const browseRejectedVerbs: Verbs<QueryContext, 'listRejected' | 'readRejected'> = {
  async listRejected({ query }, limit, before, source) {
    const below = before === null ? AFTER_ALL : Number(before);
    const rows =
      source === null
        ? await query(LIST_REJECTED, [below, limit + 1])
        : await query(LIST_REJECTED_OF, [below, limit + 1, source]);
    const page = rows.slice(0, limit);
    return { requests: page.map(toSummary), next: rows.length > limit ? String(page.at(-1)!.seq) : null };
  },
  async readRejected({ query }, id) {
    const [row] = await query(READ_REJECTED, [id]);
    if (row === undefined) return null;
    const headers = JSON.parse(row.headers as string) as string[];
    return { ...toSummary(row), headers, body: row.body as Uint8Array | null };
  },
};

function toSummary(row: Row): RejectedSummary {
  return {
    id: row.id as string,
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
