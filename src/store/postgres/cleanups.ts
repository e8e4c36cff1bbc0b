import type { Verbs } from '../forward.ts';
import type { CleanupStore } from '../store.ts';
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
values ('events', $1::bigint, $1::bigint), ('rejected', $1::bigint, $1::bigint)
on conflict (kind) do update set ran_at = excluded.ran_at, confirmed_at = excluded.confirmed_at`,
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
      await query(CONFIRM_CLEANUPS, [nowMs]);
      await appendAudit(query, audit);
    });
  },
};
