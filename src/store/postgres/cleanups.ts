import { type CleanupTally, reportedEntry } from '../cleanup-report.ts';
import type { Verbs } from '../forward.ts';
import { CLEANUP_KINDS, type CleanupStore } from '../store.ts';
import { appendAudit } from './audit.ts';
import type { Database, QueryContext, Statement } from './database.ts';

export const READ_CLEANUP: Statement<Readonly<{ ran_at: number | null; confirmed_at: number | null }>> = {
  name: 'read_cleanup',
  text: 'select ran_at, confirmed_at from cleanups where kind = $1',
};
export const KEEP_CLEANUP: Statement = {
  name: 'keep_cleanup',
  text: `
insert into cleanups (kind, ran_at) values ($1, $2)
on conflict (kind) do update set ran_at = excluded.ran_at`,
};
export const CONFIRM_CLEANUPS: Statement = {
  name: 'confirm_cleanups',
  text: `
insert into cleanups (kind, ran_at, confirmed_at)
select kind, $1::bigint, $1::bigint from unnest($2::text[]) as asked (kind)
on conflict (kind) do update set ran_at = excluded.ran_at, confirmed_at = excluded.confirmed_at`,
};

export const TALLY_CLEANUP: Statement = {
  name: 'tally_cleanup',
  text: `
insert into cleanups as c (kind, deleted, first_id, last_id) values ($1, $2, $3, $4)
on conflict (kind) do update set deleted = coalesce(c.deleted, 0) + excluded.deleted,
  first_id = coalesce(c.first_id, excluded.first_id), last_id = coalesce(excluded.last_id, c.last_id)`,
};
export const READ_TALLY: Statement<CleanupTally> = {
  name: 'read_tally',
  text: 'select deleted, first_id, last_id from cleanups where kind = $1 for update',
};
export const CLEAR_TALLY: Statement = {
  name: 'clear_tally',
  text: 'update cleanups set deleted = null, first_id = null, last_id = null where kind = $1',
};

/** @see CleanupStore */
export const cleanupVerbs: Verbs<QueryContext & Readonly<{ background: Database }>, keyof CleanupStore> = {
  async readCleanup({ query }, kind) {
    const [row] = await query(READ_CLEANUP, [kind]);
    return { ranAtMs: row?.ran_at ?? null, confirmedAtMs: row?.confirmed_at ?? null };
  },
  async keepCleanup({ query }, kind, nowMs) {
    await query(KEEP_CLEANUP, [kind, nowMs]);
  },
  confirmCleanups({ background }, nowMs, audit) {
    return background.transaction(async (query) => {
      await query(CONFIRM_CLEANUPS, [nowMs, CLEANUP_KINDS]);
      await appendAudit(query, audit);
    });
  },
  reportCleanup({ background }, kind, audit) {
    return background.transaction(async (query) => {
      const [tally] = await query(READ_TALLY, [kind]);
      const reported = reportedEntry(audit, tally);
      if (reported === null) return;
      await query(CLEAR_TALLY, [kind]);
      await appendAudit(query, reported);
    });
  },
};
