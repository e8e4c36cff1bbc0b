import type { Mutex } from '../../runtime/mutex.ts';
import type { Verbs } from '../forward.ts';
import { type SourceStateRow, toSourceState } from '../rows.ts';
import type { SourceStateStore } from '../store.ts';
import { appendAudit } from './audit.ts';
import type { Database, Statement } from './database.ts';

export const READ_STATE: Statement<SourceStateRow> = {
  name: 'read_state',
  text: 'select name, value, updated_at from source_state where source = $1 order by name',
};
export const KEEP_STATE: Statement = {
  name: 'keep_state',
  text: `
insert into source_state (source, name, value, updated_at) values ($1, $2, $3, $4)
on conflict (source, name) do nothing returning name`,
};
export const REPLACE_STATE: Statement = {
  name: 'replace_state',
  text: `
insert into source_state (source, name, value, updated_at) values ($1, $2, $3, $4)
on conflict (source, name) do update set value = excluded.value, updated_at = excluded.updated_at`,
};
export const DROP_STATE: Statement = {
  name: 'drop_state',
  text: 'delete from source_state where source = $1 and name = $2 returning name',
};

/** What handshakes leave behind is written a few times in the life of a source: one call at a time is enough. */
type SourceStateContext = Readonly<{
  interactive: Database;
  sourceStateMutex: Mutex;
}>;

/** @see SourceStateStore */
export const sourceStateVerbs: Verbs<SourceStateContext, keyof SourceStateStore> = {
  async readSourceState(context, source) {
    const rows = await ask(context, READ_STATE, [source]);
    return rows.map(toSourceState);
  },
  async keepSourceState(context, ...values) {
    return (await ask(context, KEEP_STATE, values)).length > 0 ? 'kept' : 'present';
  },
  async replaceSourceState(context, source, name, value, nowMs, audit = null) {
    const values = [source, name, value, nowMs];
    if (audit === null) return void (await ask(context, REPLACE_STATE, values));
    const { interactive, sourceStateMutex } = context;
    await sourceStateMutex(() =>
      interactive.transaction(async (query) => {
        await query(REPLACE_STATE, values);
        await appendAudit(query, audit);
      }),
    );
  },
  dropSourceState({ interactive, sourceStateMutex }, source, name, audit) {
    return sourceStateMutex(() =>
      interactive.transaction(async (query) => {
        if ((await query(DROP_STATE, [source, name])).length === 0) return 'unknown';
        await appendAudit(query, audit);
        return 'dropped';
      }),
    );
  },
};

function ask<Found>(
  { interactive, sourceStateMutex }: SourceStateContext,
  statement: Statement<Found>,
  values: readonly unknown[],
): Promise<Found[]> {
  return sourceStateMutex(() => interactive.query(statement, values));
}
