import type { DatabaseSync } from 'node:sqlite';
import { pageOf, type RejectedRow, type RejectedSummaryRow, toRejected, toRejectedSummary } from '../rows.ts';
import { type RejectedRequest, rejectedBytes, type VerifiedAnswer, type VerifiedWrite } from '../store.ts';
import { isTaken, takenEntry } from '../take-rejected.ts';
import { prepareTally } from './cleanups.ts';
import { packEvent, prepareInsert } from './insert.ts';
import { prepareRows } from './prepare-rows.ts';
import { sourceStateWrites } from './source-state.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';
import type { Reads, Writer, Writes } from './verbs.ts';

const SUMMARY = 'seq, id, source, reason, detail, method, url, content_type, body_bytes, received_at';
type Placed = Readonly<{ seq: number; id: Uint8Array }>;

const AFTER_ALL = Number.MAX_SAFE_INTEGER;

/** The reads of RejectedStore. */
export const rejectedReads: Reads<'listRejected' | 'readRejected'> = {
  listRejected(db) {
    const listAll = prepareRows<RejectedSummaryRow & Placed>(
      db,
      `select ${SUMMARY} from rejected where seq < ? order by seq desc limit ?`,
    );
    const listOfSource = prepareRows<RejectedSummaryRow & Placed>(
      db,
      `select ${SUMMARY} from rejected where source = ? and seq < ? order by seq desc limit ?`,
    );
    return (limit, before, source) => {
      const below = before === null ? AFTER_ALL : Number(before);
      const found =
        source === null ? listAll.all(below, limit + 1) : listOfSource.all(source, below, limit + 1);
      const { rows, next } = pageOf(found, limit, ({ seq }) => String(seq));
      return { requests: rows.map((row) => toRejectedSummary(bytesToUuid(row.id), row)), next };
    };
  },
  readRejected(db) {
    const find = prepareRows<RejectedRow>(db, `select ${SUMMARY}, headers, body from rejected where id = ?`);
    return (id) => {
      const row = find.get(uuidToBytes(id));
      return row === undefined ? null : toRejected(id, row);
    };
  },
};

/** The writes of RejectedStore. */
export const rejectedWrites: Writes<'keepRejected' | 'dropRejected' | 'takeRejected' | 'purgeRejected'> = {
  keepRejected({ db }) {
    const findTotals = prepareRows<{ requests: number; bytes: number }>(
      db,
      'select requests, bytes from rejected_totals where source = ?',
    );
    const findOldest = prepareRows<{ seq: number }>(
      db,
      'select seq from rejected where source = ? order by seq limit 1',
    );
    const remove = prepareRemove(db);
    const append = prepareAppend(db);
    return (request, bounds) => {
      const bytes = rejectedBytes(request);
      if (bounds.maxRequests < 1 || bytes > bounds.maxBytes) return;
      const fits = () => {
        const totals = findTotals.get(request.source);
        if (totals === undefined) return true;
        return totals.requests < bounds.maxRequests && totals.bytes + bytes <= bounds.maxBytes;
      };
      while (!fits()) remove(findOldest.get(request.source)!.seq);
      append(request, bytes);
    };
  },
  dropRejected({ db, audit }) {
    const find = prepareRows<{ seq: number }>(db, 'select seq from rejected where id = ?');
    const remove = prepareRemove(db);
    return (id, entry) => {
      const row = find.get(uuidToBytes(id));
      if (row === undefined) return 'unknown';
      remove(row.seq);
      audit.append(entry);
      return 'dropped';
    };
  },
  takeRejected(writer) {
    const { db, audit } = writer;
    const find = prepareRows<{ seq: number }>(db, 'select seq from rejected where id = ?');
    const remove = prepareRemove(db);
    const perform = preparePerform(writer);
    return (id, write, entry) => {
      const row = find.get(uuidToBytes(id));
      if (row === undefined) return { kind: 'unknown' };
      const answer = perform(write);
      if (!isTaken(answer)) return { kind: 'left', answer };
      remove(row.seq);
      audit.append(takenEntry(entry, write, answer));
      return { kind: 'taken', answer };
    };
  },
  purgeRejected({ db }) {
    const findOld = prepareRows<{ seq: number }>(
      db,
      'select seq from rejected where received_at < ? order by received_at, seq limit ?',
    );
    const remove = prepareRemove(db);
    const tally = prepareTally(db);
    return (beforeMs, limit) => {
      const rows = findOld.all(beforeMs, limit);
      for (const { seq } of rows) remove(seq);
      tally('rejected', rows.length, null, null);
      return rows.length;
    };
  },
};

function preparePerform(writer: Writer): (write: VerifiedWrite) => VerifiedAnswer {
  const insert = prepareInsert(writer);
  const keep = sourceStateWrites.keepSourceState(writer);
  const replace = sourceStateWrites.replaceSourceState(writer);
  return ({ method, args }) => {
    switch (method) {
      case 'insertEvent': {
        const [event, destinations, replayMark = null, keySinceMs = null] = args;
        return insert(packEvent(event), destinations, replayMark, keySinceMs);
      }
      case 'keepSourceState':
        return keep(...args);
      case 'replaceSourceState':
        replace(...args);
        return undefined;
    }
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

/** Deletes a request and subtracts it from its source's totals. */
function prepareRemove(db: DatabaseSync): (seq: number) => void {
  const remove = prepareRows<{ source: string; kept_bytes: number }>(
    db,
    'delete from rejected where seq = ? returning source, kept_bytes',
  );
  const uncount = db.prepare(
    'update rejected_totals set requests = requests - 1, bytes = bytes - ? where source = ?',
  );
  return (seq) => {
    const { source, kept_bytes: bytes } = remove.get(seq)!;
    uncount.run(bytes, source);
  };
}
