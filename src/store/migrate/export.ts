import { existsSync, realpathSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { StoreError } from '../../domain/errors.ts';
import { guarded, refuseForeignFile, schemaVersion } from '../sqlite/connect.ts';
import { lockUnchanged } from '../sqlite/file-lock.ts';
import { hasWal } from '../sqlite/file-owner.ts';
import { MIGRATIONS } from '../sqlite/migrations/index.ts';
import { fingerprintOf } from './export-fingerprint.ts';
import { countRows, readBatches } from './export-rows.ts';
import type { InboxSource } from './inbox-copy.ts';

/**
 * Opens an inbox for reading all of it. It holds the file's lock, so that no receiver runs on it, and changes nothing.
 * @throws StoreError STORE_LOCKED when a receiver runs on it, STORE_SCHEMA, STORE_CORRUPT or STORE_IO
 */
export function openExport(path: string): InboxSource {
  if (!existsSync(path)) throw new StoreError('STORE_IO', `there is no database at ${path}: check --from`);
  const lock = lockUnchanged(path);
  try {
    const db = guarded(path, () => openUnchanged(path));
    try {
      return guarded(path, () => createSource(db, path, lock.release));
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

function createSource(db: DatabaseSync, path: string, release: () => void): InboxSource {
  refuseForeignFile(db, path, '--from');
  refuseOtherSchema(db, path);
  const lastSeq = db.prepare(
    `select coalesce(max(seq), 0) as seq from sqlite_sequence where name = 'rejected'`,
  );
  return {
    fingerprint: fingerprintOf(db),
    count: (part) => guarded(path, () => countRows(db, part)),
    *batches(part, options) {
      const batches = readBatches(db, part, options)[Symbol.iterator]();
      for (;;) {
        const next = guarded(path, () => batches.next());
        if (next.done) return;
        yield next.value;
      }
    },
    lastRejectedSeq: () => Number(lastSeq.get()!.seq),
    close() {
      db.close();
      release();
    },
  };
}

/**
 * Without a -wal file SQLite is told that the file does not change; otherwise even a reader makes one. With a -wal file,
 * which a crash leaves behind, SQLite reads both and does not merge them.
 */
function openUnchanged(path: string): DatabaseSync {
  const file = realpathSync(path);
  const url = pathToFileURL(file);
  if (!hasWal(file)) url.searchParams.set('immutable', '1');
  const db = new DatabaseSync(url, { readOnly: true, timeout: 5000 });
  db.exec('pragma cache_size = -32768');
  return db;
}

function refuseOtherSchema(db: DatabaseSync, path: string): void {
  const version = schemaVersion(db);
  const known = MIGRATIONS.length;
  if (version === known) return;
  throw new StoreError(
    'STORE_SCHEMA',
    version > known
      ? `${path} has schema version ${version}, this program knows up to ${known}: run a newer program.`
      : `${path} has schema version ${version}, this program moves version ${known}: ` +
          'start and stop the receiver of this version on it once, which brings it up to date.',
  );
}
