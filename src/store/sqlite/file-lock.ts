import { realpathSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../domain/errors.ts';
import { guarded } from './connect.ts';
import { createFile } from './create-file.ts';
import {
  hasWal,
  identityOf,
  type Owner,
  otherNameWithWal,
  readOwner,
  readOwnerUnlocked,
  writeOwner,
} from './file-owner.ts';
import { toStoreError } from './store-failure.ts';

/**
 * The exclusive right to a database file. It ends with the process, however that ends.
 *
 * Two locks make it. A lock on a file beside the database, held by the operating system, keeps out receivers that use
 * the same name. It does not see another name of the same file, a hard link or a bind mount, under which SQLite has
 * another -wal and both processes would destroy the file. SQLite's lock on the file itself is held by every program that
 * has it open, a backup or a shell too. So a receiver writes into the file who it is: a file that is open elsewhere and
 * names another receiver is in use.
 */
export type FileLock = Readonly<{
  /**
   * Makes sure that the file names this process as its owner, now that `db` has it open.
   * @throws StoreError STORE_LOCKED when another receiver came first
   */
  confirm(db: DatabaseSync): void;
  /** Removes the owner from the file. */
  withdraw(db: DatabaseSync): void;
  release(): void;
}>;

/**
 * Takes the exclusive right to the file and makes this process its owner.
 * @throws StoreError STORE_LOCKED when another receiver has it, in this process or another, by this name or another
 */
export function lockFile(databasePath: string): FileLock {
  createFile(databasePath);
  return withLockedName(databasePath, (lock, own) => {
    const claimed = claimAlone(databasePath, own, (db, owner) => owner !== undefined && writeOwner(db, own));
    return {
      confirm(db) {
        const owner = readOwner(db);
        if (claimed && owner?.identity !== own.identity) throw heldByAnother(databasePath, owner);
        writeOwner(db, own);
      },
      withdraw: (db) => writeOwner(db, null),
      release: () => lock.close(),
    };
  });
}

/**
 * Keeps receivers from a file that is only read, and changes nothing of it.
 * @throws StoreError STORE_LOCKED when a receiver has it
 */
export function lockUnchanged(databasePath: string): Pick<FileLock, 'release'> {
  return withLockedName(databasePath, (lock, own) => {
    // Opening and closing a file with a -wal would fold that in. The receiver that left it had this name.
    if (!hasWal(own.path)) claimAlone(databasePath, own, () => true);
    return { release: () => lock.close() };
  });
}

function withLockedName<Lock>(databasePath: string, lockOwn: (lock: DatabaseSync, own: Owner) => Lock): Lock {
  const path = realpathSync(databasePath);
  return guarded(databasePath, () => {
    const lock = lockName(databasePath, `${path}.lock`);
    try {
      return lockOwn(lock, { path, identity: identityOf(path, `${path}.lock`) });
    } catch (error) {
      lock.close();
      throw error;
    }
  });
}

function lockName(databasePath: string, lockPath: string): DatabaseSync {
  const lock = new DatabaseSync(lockPath, { timeout: 0 });
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch (error) {
    lock.close();
    throw toStoreError(error).code === 'STORE_BUSY' ? heldByAnother(databasePath, null, error) : error;
  }
}

/**
 * Claims the file while nothing else has it open.
 * @param claim claims the file by a connection that has it alone
 * @returns what `claim` returns; false when another program that is no receiver has the file open, or none can
 */
function claimAlone(
  databasePath: string,
  own: Owner,
  claim: (db: DatabaseSync, owner: Owner | null | undefined) => boolean,
): boolean {
  const claimed = alone(own.path, (db) => {
    const owner = readOwner(db);
    refuseLeftovers(databasePath, own.path, owner);
    return claim(db, owner);
  });
  if (claimed !== 'busy') return claimed;
  const owner = readOwnerUnlocked(own.path);
  const isOfThisFile = owner?.identity.split(' ')[0] === own.identity.split(' ')[0];
  if (owner && isOfThisFile && owner.identity !== own.identity) throw heldByAnother(databasePath, owner);
  refuseLeftovers(databasePath, own.path, owner);
  return false;
}

/**
 * SQLite lets one connection in exclusive locking mode use a file with a -wal only if no other connection has it open,
 * by whatever name and in whatever process.
 */
function alone<T>(path: string, work: (db: DatabaseSync) => T): T | 'busy' | false {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec('pragma locking_mode = exclusive');
    return work(db);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    // Any other failure is met again, and explained, when the file is opened.
    return toStoreError(error).code === 'STORE_BUSY' ? 'busy' : false;
  } finally {
    db.close();
  }
}

/** Events in another name's -wal are not in the file, and would be lost if this name went on without them. */
function refuseLeftovers(databasePath: string, path: string, owner: Owner | null | undefined): void {
  const other = otherNameWithWal(path, owner?.path);
  if (other === null) return;
  throw new StoreError(
    'STORE_LOCKED',
    `${databasePath} is the same file as ${other}, whose ${other}-wal is left over and may have events that are not in the ` +
      `file: start and stop the receiver with DB_PATH=${other} once, which folds them in.`,
  );
}

function heldByAnother(databasePath: string, owner: Owner | null | undefined, cause?: unknown): StoreError {
  const name = owner ? `, as ${owner.path}` : '';
  return new StoreError(
    'STORE_LOCKED',
    `${databasePath} is in use by another webhook-receiver${name}: one process owns a database file. ` +
      'Stop the other one, or give this one its own DB_PATH.',
    { cause },
  );
}
