import type { DatabaseSync } from 'node:sqlite';
import { type CleanupTally, reportedEntry } from '../cleanup-report.ts';
import { CLEANUP_KINDS, type CleanupKind } from '../store.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Reads, Writes } from './verbs.ts';

type TimesRow = Readonly<{ ran_at: number | null; confirmed_at: number | null }>;

/** @see CleanupStore.readCleanup */
export const cleanupReads: Reads<'readCleanup'> = {
  readCleanup(db) {
    const find = prepareRows<TimesRow>(db, 'select ran_at, confirmed_at from cleanups where kind = ?');
    return (kind) => {
      const row = find.get(kind);
      return { ranAtMs: row?.ran_at ?? null, confirmedAtMs: row?.confirmed_at ?? null };
    };
  },
};

/** Adds to what clean-ups of the kind have deleted, within the transaction of the deletion. */
export type TallyCleanup = (
  kind: CleanupKind,
  deleted: number,
  firstId: string | null,
  lastId: string | null,
) => void;

export function prepareTally(db: DatabaseSync): TallyCleanup {
  const add = db.prepare(
    `insert into cleanups (kind, deleted, first_id, last_id) values (?, ?, ?, ?)
     on conflict (kind) do update set deleted = coalesce(deleted, 0) + excluded.deleted,
       first_id = coalesce(first_id, excluded.first_id), last_id = coalesce(excluded.last_id, last_id)`,
  );
  return (kind, deleted, firstId, lastId) => {
    if (deleted > 0) add.run(kind, deleted, firstId, lastId);
  };
}

/** The writes of CleanupStore. */
export const cleanupWrites: Writes<'keepCleanup' | 'confirmCleanups' | 'reportCleanup'> = {
  reportCleanup({ db, audit }) {
    const find = prepareRows<CleanupTally>(
      db,
      'select deleted, first_id, last_id from cleanups where kind = ?',
    );
    const clear = db.prepare(
      'update cleanups set deleted = null, first_id = null, last_id = null where kind = ?',
    );
    return (kind, entry) => {
      const reported = reportedEntry(entry, find.get(kind));
      if (reported === null) return;
      clear.run(kind);
      audit.append(reported);
    };
  },
  keepCleanup({ db }) {
    const keep = db.prepare(
      `insert into cleanups (kind, ran_at) values (?, ?)
       on conflict (kind) do update set ran_at = excluded.ran_at`,
    );
    return (kind, nowMs) => void keep.run(kind, nowMs);
  },
  confirmCleanups({ db, audit }) {
    const confirm = db.prepare(
      `insert into cleanups (kind, ran_at, confirmed_at) values (?, ?, ?)
       on conflict (kind) do update set ran_at = excluded.ran_at, confirmed_at = excluded.confirmed_at`,
    );
    return (nowMs, entry) => {
      for (const kind of CLEANUP_KINDS) confirm.run(kind, nowMs, nowMs);
      audit.append(entry);
    };
  },
};
