import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { runMigration } from './run-migration.ts';

/** Tables with their columns, and indexes, as SQLite understands them. */
function schemaOf(db: DatabaseSync) {
  const objects = db.prepare('select type, name from sqlite_schema order by type, name').all();
  return objects.map(({ type, name }) => [
    type,
    name,
    db.prepare('select * from pragma_table_xinfo(?)').all(name!),
  ]);
}

test('the schema is the one that the statements make, and the file is sound', async (t) => {
  const dir = await tempDir(t);
  const open = (name: string) => {
    const db = new DatabaseSync(join(dir, name));
    t.after(() => db.close());
    return db;
  };
  const [plain, ours] = [open('plain.db'), open('ours.db')];
  for (const sql of MIGRATIONS) {
    plain.exec(sql);
    runMigration(ours, sql);
  }
  assert.deepEqual(schemaOf(ours), schemaOf(plain));
  assert.deepEqual({ ...ours.prepare('pragma integrity_check').get() }, { integrity_check: 'ok' });
  assert.throws(
    () => ours.exec(`pragma writable_schema = on; delete from sqlite_schema`),
    /may not be modified/,
  );
});

test('a column that is added is null in each row, over a rollback, for every connection', async (t) => {
  const db = new DatabaseSync(join(await tempDir(t), 'rows.db'));
  t.after(() => db.close());
  const rows = 20_000;
  db.exec(`create table t (a integer not null, body blob not null) strict;
    insert into t select value, zeroblob(2000) from (with recursive n (value) as (select 1 union all select value + 1 from n where value < ${rows}) select value from n)`);
  const other = new DatabaseSync(db.location()!, { readOnly: true });
  t.after(() => other.close());
  assert.equal(other.prepare('select count(*) as rows from t').get()!.rows, rows);
  db.exec('begin');
  runMigration(
    db,
    'alter table t add column b text;\nalter table t add column c integer;\ncreate index t_b on t (b);\n',
  );
  db.exec('rollback');
  assert.throws(() => db.prepare('select b from t'), /no such column/);
  db.exec('begin');
  runMigration(db, 'alter table t add column b text;\nalter table t add column c integer;\n');
  db.exec('commit');
  db.exec(`insert into t (a, body, b, c) values (0, x'', 'new', 7)`);
  const counted = 'select count(*) as rows, count(b) as b, max(c) as c from t';
  for (const connection of [db, other]) {
    assert.deepEqual({ ...connection.prepare(counted).get() }, { rows: rows + 1, b: 1, c: 7 });
  }
  assert.throws(() => db.exec(`update t set c = 'text'`), /cannot store TEXT/);
});
