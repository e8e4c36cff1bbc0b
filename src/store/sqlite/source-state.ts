import type { DatabaseSync } from 'node:sqlite';
import type { SourceState } from '../store.ts';
import type { Verbs } from './operations.ts';

/** The verbs of SourceStateStore. */
export function prepareSourceState(
  db: DatabaseSync,
): Pick<Verbs, 'keepSourceState' | 'replaceSourceState' | 'dropSourceState'> {
  const insert = 'insert into source_state (source, name, value, updated_at) values (?, ?, ?, ?)';
  const keep = db.prepare(`${insert} on conflict (source, name) do nothing`);
  const replace = db.prepare(
    `${insert} on conflict (source, name) do update set value = excluded.value, updated_at = excluded.updated_at`,
  );
  const drop = db.prepare('delete from source_state where source = ? and name = ?');
  return {
    keepSourceState: ({ source, name, value, nowMs }) =>
      keep.run(source, name, value, nowMs).changes === 0 ? 'present' : 'kept',
    replaceSourceState: ({ source, name, value, nowMs }) => void replace.run(source, name, value, nowMs),
    dropSourceState: ({ source, name }) => (drop.run(source, name).changes === 0 ? 'unknown' : 'dropped'),
  };
}

/** @see SourceStateStore.readSourceState */
export function prepareReadSourceState(db: DatabaseSync): (source: string) => SourceState[] {
  const find = db.prepare('select name, value, updated_at from source_state where source = ? order by name');
  return (source) =>
    find.all(source).map((row) => ({
      name: row.name as string,
      value: row.value as string,
      updatedAtMs: row.updated_at as number,
    }));
}
