import type { Verbs } from '../forward.ts';
import { pageOf, type RejectedRow, type RejectedSummaryRow, toRejected, toRejectedSummary } from '../rows.ts';
import type { QueryContext, Statement } from './database.ts';

const SUMMARY = 'seq, id, source, reason, detail, method, url, content_type, body_bytes, received_at';

type ListedRow = RejectedSummaryRow & Readonly<{ seq: number; id: string }>;

export const LIST_REJECTED: Statement<ListedRow> = {
  name: 'list_rejected',
  text: `select ${SUMMARY} from rejected where seq < $1 order by seq desc limit $2`,
};
export const LIST_REJECTED_OF: Statement<ListedRow> = {
  name: 'list_rejected_of',
  text: `select ${SUMMARY} from rejected where source = $3 and seq < $1 order by seq desc limit $2`,
};
export const READ_REJECTED: Statement<RejectedRow & Readonly<{ id: string }>> = {
  name: 'read_rejected',
  text: `select ${SUMMARY}, headers, body from rejected where id = $1`,
};

const AFTER_ALL = Number.MAX_SAFE_INTEGER;

/** @see RejectedStore */
export const browseRejectedVerbs: Verbs<QueryContext, 'listRejected' | 'readRejected'> = {
  async listRejected({ query }, limit, before, source) {
    const below = before === null ? AFTER_ALL : Number(before);
    const found =
      source === null
        ? await query(LIST_REJECTED, [below, limit + 1])
        : await query(LIST_REJECTED_OF, [below, limit + 1, source]);
    const { rows, next } = pageOf(found, limit, ({ seq }) => String(seq));
    return { requests: rows.map((row) => toRejectedSummary(row.id, row)), next };
  },
  async readRejected({ query }, id) {
    const [row] = await query(READ_REJECTED, [id]);
    return row === undefined ? null : toRejected(row.id, row);
  },
};
