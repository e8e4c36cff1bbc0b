import type { DatabaseSync } from 'node:sqlite';

/** A column that is null in the rows that are there. */
const ADD_COLUMN = /^alter table (\w+) add column (\w+ (?:integer|text|blob));$/gm;

/** Runs a migration within the open transaction. */
export function runMigration(db: DatabaseSync, sql: string): void {
  let at = 0;
  for (const { index, 0: statement, 1: table, 2: column } of sql.matchAll(ADD_COLUMN)) {
    db.exec(sql.slice(at, index));
    addColumn(db, table!, column!);
    at = index + statement.length;
  }
  db.exec(sql.slice(at));
}

/**
 * Adds a column as `alter table` does, by the text of the schema alone: a row that ends before a column has null there. Of a
 * strict table SQLite's own statement reads every row first, which takes a minute and a half for ten million events.
 * See https://www.sqlite.org/lang_altertable.html, section 7.
 */
function addColumn(db: DatabaseSync, table: string, column: string): void {
  const found = db.prepare(`select sql from sqlite_schema where type = 'table' and name = ?`).get(table);
  const sql = String(found!.sql);
  const end = sql.lastIndexOf(')');
  const { schema_version: version } = db.prepare('pragma schema_version').get() as { schema_version: number };
  db.enableDefensive(false);
  db.exec('pragma writable_schema = on');
  try {
    db.prepare(`update sqlite_schema set sql = ? where type = 'table' and name = ?`).run(
      `${sql.slice(0, end)}, ${column}${sql.slice(end)}`,
      table,
    );
    // So that this and every other connection reads the schema again.
    db.exec(`pragma schema_version = ${version + 1}`);
  } finally {
    db.exec('pragma writable_schema = reset');
    db.enableDefensive(true);
  }
}
