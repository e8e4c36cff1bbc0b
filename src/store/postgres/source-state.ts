import type { SourceState } from '../store.ts';
import type { Query, Statement } from './database.ts';

export const READ_STATE: Statement = {
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

/** @see SourceStateStore.readSourceState */
export async function readState(query: Query, source: string): Promise<SourceState[]> {
  const rows = await query(READ_STATE, [source]);
  return rows.map((row) => ({
    name: row.name as string,
    value: row.value as string,
    updatedAtMs: row.updated_at as number,
  }));
}

/** @see SourceStateStore.keepSourceState */
export async function keepState(
  query: Query,
  ...values: [source: string, name: string, value: string, nowMs: number]
): Promise<'kept' | 'present'> {
  return (await query(KEEP_STATE, values)).length > 0 ? 'kept' : 'present';
}

/** @see SourceStateStore.replaceSourceState */
export async function replaceState(
  query: Query,
  ...values: [source: string, name: string, value: string, nowMs: number]
): Promise<void> {
  await query(REPLACE_STATE, values);
}

/** @see SourceStateStore.dropSourceState */
export async function dropState(query: Query, source: string, name: string): Promise<'dropped' | 'unknown'> {
  return (await query(DROP_STATE, [source, name])).length > 0 ? 'dropped' : 'unknown';
}
