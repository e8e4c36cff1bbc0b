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

/** The writes of CleanupStore. */
export const cleanupWrites: Writes<'keepCleanup' | 'confirmCleanups'> = {
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
      for (const kind of ['events', 'rejected']) confirm.run(kind, nowMs, nowMs);
      audit.append(entry);
    };
  },
};
