import { type SourceStateRow, toSourceState } from '../rows.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Reads, Writes } from './verbs.ts';

const INSERT_SQL = 'insert into source_state (source, name, value, updated_at) values (?, ?, ?, ?)';

/** The writes of SourceStateStore. */
export const sourceStateWrites: Writes<'keepSourceState' | 'replaceSourceState' | 'dropSourceState'> = {
  keepSourceState({ db }) {
    const keep = db.prepare(`${INSERT_SQL} on conflict (source, name) do nothing`);
    return (...values) => (keep.run(...values).changes === 0 ? 'present' : 'kept');
  },
  replaceSourceState({ db, audit }) {
    const replace = db.prepare(
      `${INSERT_SQL}
       on conflict (source, name) do update set value = excluded.value, updated_at = excluded.updated_at`,
    );
    return (source, name, value, nowMs, entry = null) => {
      replace.run(source, name, value, nowMs);
      if (entry !== null) audit.append(entry);
    };
  },
  dropSourceState({ db, audit }) {
    const drop = db.prepare('delete from source_state where source = ? and name = ?');
    return (source, name, entry) => {
      if (drop.run(source, name).changes === 0) return 'unknown';
      audit.append(entry);
      return 'dropped';
    };
  },
};

/** @see SourceStateStore.readSourceState */
export const sourceStateReads: Reads<'readSourceState'> = {
  readSourceState(db) {
    const find = prepareRows<SourceStateRow>(
      db,
      'select name, value, updated_at from source_state where source = ? order by name',
    );
    return (source) => find.all(source).map(toSourceState);
  },
};
