import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import path from 'node:path';
import { StoreError } from '../../domain/errors.ts';

/** Creates the file, readable only by its owner: it holds payloads. @throws StoreError STORE_IO */
export function createFile(databasePath: string): void {
  if (existsSync(databasePath)) {
    requireFile(databasePath);
    return;
  }
  const folder = path.dirname(path.resolve(databasePath));
  try {
    createFolder(folder);
    closeSync(openSync(databasePath, 'a', 0o600));
    syncFolder(folder);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new StoreError(
      'STORE_IO',
      `cannot create the database ${databasePath}: ${reason}. Check DB_PATH.`,
      { cause },
    );
  }
}

/** SQLite would report a folder or a device as a fault of the disk. */
function requireFile(databasePath: string): void {
  if (statSync(databasePath).isFile()) return;
  throw new StoreError('STORE_IO', `${databasePath} is not a file. DB_PATH takes the path of a file.`);
}

/** One folder at a time: `recursive` repeats ENOENT forever where no folder can be made, such as below /proc. */
function createFolder(folder: string): void {
  if (existsSync(folder)) return;
  createFolder(path.dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A new file's name is durable only once its folder is synced; otherwise a power cut could lose the whole inbox. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
