import { constants, DatabaseSync } from 'node:sqlite';
import { MIGRATIONS } from './migrations/index.ts';

/** A step of a statement as SQLite's authorizer sees it: https://www.sqlite.org/c3ref/c_alter_table.html */
export type Step = readonly [action: number, first: string | null, second: string | null];

/** Returns why a handler may not do that, or null if it may. */
export type JudgeStep = (...step: Step) => string | null;

const {
  SQLITE_ALTER_TABLE,
  SQLITE_ANALYZE,
  SQLITE_ATTACH,
  SQLITE_CREATE_INDEX,
  SQLITE_CREATE_TEMP_TABLE,
  SQLITE_CREATE_TEMP_TRIGGER,
  SQLITE_CREATE_TEMP_VIEW,
  SQLITE_CREATE_TRIGGER,
  SQLITE_DELETE,
  SQLITE_DETACH,
  SQLITE_DROP_INDEX,
  SQLITE_DROP_TABLE,
  SQLITE_DROP_TRIGGER,
  SQLITE_INSERT,
  SQLITE_PRAGMA,
  SQLITE_SAVEPOINT,
  SQLITE_TRANSACTION,
  SQLITE_UPDATE,
} = constants;

const NO_TEMPORARY =
  'a handler may not make temporary tables or views: they would stay on the connection and hide tables or views of the same name';

/** SQLite's table of the last rowid of each table with autoincrement, such as `events`. */
const NUMBERS = 'sqlite_sequence';
const NO_NUMBERS =
  'a handler may not change sqlite_sequence, which has numbers of the inbox too, so it cannot drop a table with autoincrement: empty the table, drop it with the sqlite3 command, or make it without autoincrement';

/** The inbox begins, commits and rolls back itself, and owns the connection's settings. */
const NEVER: ReadonlyMap<number, string> = new Map([
  [SQLITE_TRANSACTION, 'a handler may not begin or end a transaction: return to commit, throw to roll back'],
  [SQLITE_SAVEPOINT, 'a handler may not use savepoints on SQLite: return to commit, throw to roll back'],
  [SQLITE_ATTACH, 'a handler may not attach another database: it would not commit together with this one'],
  [SQLITE_DETACH, 'a handler may not detach a database'],
  [SQLITE_CREATE_TEMP_TABLE, NO_TEMPORARY],
  [SQLITE_CREATE_TEMP_VIEW, NO_TEMPORARY],
  [SQLITE_PRAGMA, 'a handler may not use pragmas'],
  [SQLITE_ANALYZE, 'a handler may not analyze: it would change how the inbox reads its tables'],
]);

const FIRST_IS_TABLE = new Set([SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE, SQLITE_DROP_TABLE]);
const SECOND_IS_TABLE = new Set([
  SQLITE_ALTER_TABLE,
  SQLITE_CREATE_INDEX,
  SQLITE_CREATE_TRIGGER,
  SQLITE_CREATE_TEMP_TRIGGER,
  SQLITE_DROP_INDEX,
  SQLITE_DROP_TRIGGER,
]);

/** Handlers may read the inbox, and create and write tables of their own. */
export function createJudge(): JudgeStep {
  const own = inboxTables();
  return (action, first, second) => {
    const never = NEVER.get(action);
    if (never !== undefined) return never;
    const table = FIRST_IS_TABLE.has(action) ? first : SECOND_IS_TABLE.has(action) ? second : null;
    if (table === null || !own.has(table.toLowerCase())) return null;
    if (table.toLowerCase() === NUMBERS) return NO_NUMBERS;
    return `a handler may read the inbox's own table ${table}, but not change it`;
  };
}

/** The tables that the migrations make; the file itself also has the handlers' tables. */
function inboxTables(): ReadonlySet<string> {
  const db = new DatabaseSync(':memory:');
  for (const sql of MIGRATIONS) db.exec(sql);
  const rows = db.prepare(`select name from sqlite_schema where type in ('table', 'view')`).all();
  db.close();
  return new Set(rows.map(({ name }) => String(name).toLowerCase()));
}
