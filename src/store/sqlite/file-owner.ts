import { readdirSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { isInbox } from './connect.ts';
import { prepareRows } from './prepare-rows.ts';

/** The receiver that has a file open: the name by which it opened the file, and `identityOf` the file and its lock. */
export type Owner = Readonly<{ path: string; identity: string }>;

/** Device and inode of the database file, then of its lock file: equal for every process that uses the same name. */
export function identityOf(databasePath: string, lockPath: string): string {
  return [databasePath, lockPath]
    .map((name) => statSync(name))
    .map(({ dev, ino }) => `${dev}:${ino}`)
    .join(' ');
}

/** The owner that the file names, null if it names none, undefined if it has no place for one. */
export function readOwner(db: DatabaseSync): Owner | null | undefined {
  const table = `select 1 from sqlite_schema where type = 'table' and name = 'file_owner'`;
  if (!isInbox(db) || db.prepare(table).get() === undefined) return undefined;
  const [row] = prepareRows<Owner>(db, 'select path, identity from file_owner').all();
  return row === undefined ? null : { path: row.path, identity: row.identity };
}

/** Like `readOwner`, of a file that another process may write: without a lock, and without its -wal. */
export function readOwnerUnlocked(databasePath: string): Owner | null | undefined {
  const url = pathToFileURL(databasePath);
  url.searchParams.set('immutable', '1');
  const db = new DatabaseSync(url, { readOnly: true });
  try {
    return readOwner(db);
  } finally {
    db.close();
  }
}

/**
 * Writes the owner and folds the -wal into the file, so that another name of the file shows it too.
 * @returns whether it is written; a full disk, for example, must not keep a receiver from starting
 */
export function writeOwner(db: DatabaseSync, owner: Owner | null): boolean {
  try {
    if (owner === null) db.exec('delete from file_owner');
    else {
      const write = db.prepare(
        `insert into file_owner (single, path, identity) values (1, ?, ?)
         on conflict (single) do update set path = excluded.path, identity = excluded.identity`,
      );
      write.run(owner.path, owner.identity);
    }
    db.exec('pragma wal_checkpoint(truncate)');
    return true;
  } catch {
    return false;
  }
}

/** Another name of the file that has a -wal with content: in the same folder, or the name of the last owner. */
export function otherNameWithWal(databasePath: string, ownerPath?: string): string | null {
  const file = statSync(databasePath);
  const folder = path.dirname(databasePath);
  const inFolder =
    file.nlink < 2
      ? []
      : readdirSync(folder)
          .filter((name) => name.endsWith('-wal'))
          .map((name) => path.join(folder, name.slice(0, -'-wal'.length)));
  const names = ownerPath === undefined ? inFolder : [...inFolder, ownerPath];
  const isOther = (name: string) => name !== databasePath && isSame(statOf(name), file) && hasWal(name);
  return names.find(isOther) ?? null;
}

/** Whether the name has a -wal with content. */
export function hasWal(databasePath: string): boolean {
  return (statOf(`${databasePath}-wal`)?.size ?? 0) > 0;
}

function statOf(name: string): Stats | undefined {
  return statSync(name, { throwIfNoEntry: false });
}

function isSame(a: Stats | undefined, b: Stats): boolean {
  return a !== undefined && a.dev === b.dev && a.ino === b.ino;
}
