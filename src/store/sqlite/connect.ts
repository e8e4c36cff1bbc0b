import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../domain/errors.ts';
import { groupOlder } from './group-older.ts';
import { failureGroups } from './migrations/0014-failure-groups.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { runMigration } from './run-migration.ts';
import { toStoreError } from './store-failure.ts';
import { WAL_KEPT_BYTES } from './wal.ts';

/** "WHRX": marks the file as ours (https://www.sqlite.org/fileformat.html#application_id). */
const APPLICATION_ID = 0x57485258;

/** Frames in the -wal file after which the writer folds them into the database; 4 KiB each. */
const CHECKPOINT_PAGES = 1000;

/**
 * Opens the writing connection and brings the schema up to date.
 * @param maxPages upper bound of the file's size in pages, for tests of a full disk
 */
export function openWriter(databasePath: string, maxPages?: number): DatabaseSync {
  return guarded(databasePath, () => {
    const db = new DatabaseSync(databasePath, { timeout: 5000 });
    refuseForeignFile(db, databasePath);
    db.exec('pragma auto_vacuum = incremental');
    db.exec('pragma journal_mode = wal');
    // Power loss after our 2xx would lose the event: the provider will not resend.
    db.exec('pragma synchronous = full');
    db.exec(`pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.exec(`pragma journal_size_limit = ${WAL_KEPT_BYTES}`);
    db.exec('pragma cache_size = -32768');
    db.exec('pragma temp_store = memory');
    if (maxPages !== undefined) db.exec(`pragma max_page_count = ${maxPages}`);
    migrate(db, databasePath);
    return db;
  });
}

/** Opens a read-only connection; under WAL it neither waits for the writer nor holds it up. */
export function openReader(databasePath: string): DatabaseSync {
  return guarded(databasePath, () => {
    const db = new DatabaseSync(databasePath, { readOnly: true, timeout: 5000 });
    db.exec('pragma cache_size = -8192');
    return db;
  });
}

/** Turns SQLite's errors into StoreErrors that name the file. */
export function guarded<T>(databasePath: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    // Its message names the file already.
    if (error instanceof StoreError) throw error;
    const failure = toStoreError(error);
    throw new StoreError(failure.code, `cannot open the database ${databasePath}: ${failure.message}`, {
      cause: error,
    });
  }
}

/** @param setting the setting that names the file, for the advice */
export function refuseForeignFile(db: DatabaseSync, databasePath: string, setting = 'DB_PATH'): void {
  const { tables } = db.prepare('select count(*) as tables from sqlite_schema').get() as { tables: number };
  if (isInbox(db) || (applicationId(db) === 0 && tables === 0)) return;
  throw new StoreError(
    'STORE_SCHEMA',
    `${databasePath} is the database of another program: give ${setting} another file.`,
  );
}

/** Whether the file is an inbox of this program. */
export function isInbox(db: DatabaseSync): boolean {
  return applicationId(db) === APPLICATION_ID;
}

function applicationId(db: DatabaseSync): number {
  return (db.prepare('pragma application_id').get() as { application_id: number }).application_id;
}

export function schemaVersion(db: DatabaseSync): number {
  return (db.prepare('pragma user_version').get() as { user_version: number }).user_version;
}

function migrate(db: DatabaseSync, databasePath: string): void {
  const version = schemaVersion(db);
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      'STORE_SCHEMA',
      `${databasePath} has schema version ${version}, this program knows up to ${MIGRATIONS.length}: run a newer program.`,
    );
  }
  if (version === MIGRATIONS.length) return;
  sortBesideFile(db, databasePath, () => runMigrations(db, version));
}

/**
 * An index of a table that has rows is sorted first: in memory that would be some 40 bytes for each event. The system's
 * folder for such files need not be there, as in a container whose root is read-only; the database's own is.
 */
function sortBesideFile(db: DatabaseSync, databasePath: string, work: () => void): void {
  const sortIn = (folder: string) =>
    db.exec(`pragma temp_store_directory = '${folder.replaceAll("'", "''")}'`);
  db.exec('pragma temp_store = file');
  sortIn(dirname(databasePath));
  try {
    work();
  } finally {
    sortIn('');
    db.exec('pragma temp_store = memory');
  }
}

function runMigrations(db: DatabaseSync, version: number): void {
  db.exec('begin immediate');
  try {
    for (const sql of MIGRATIONS.slice(version)) runMigration(db, sql);
    if (version <= MIGRATIONS.indexOf(failureGroups)) groupOlder(db);
    db.exec(`pragma application_id = ${APPLICATION_ID}`);
    db.exec(`pragma user_version = ${MIGRATIONS.length}`);
    db.exec('commit');
  } catch (error) {
    // SQLite may have rolled back by itself, as it does when the disk is full.
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}
