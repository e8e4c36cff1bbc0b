import { closeSync, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../domain/errors.ts';
import {
  cleanFreePage,
  cleanTreePage,
  FIRST_GROUP,
  isLockPage,
  PAGE_KINDS,
  type PageGroup,
  pageGroup,
} from './clean-page.ts';
import { toStoreError } from './store-failure.ts';
import { walBytes } from './wal.ts';
import { walReaders } from './wal-readers.ts';

/** What a step came to. */
export type CleanStep =
  /** `next` is where the next step begins, null after the last one. */
  | Readonly<{ kind: 'done'; next: number | null }>
  /** These keep the -wal file from being folded into the file. */
  | Readonly<{ kind: 'held'; readers: readonly string[] }>;

/** A call of the thread that cleans; `owed` is answered with a number or null, the others with a CleanStep. */
export type CleanCall =
  | Readonly<{ clean: 'owed' }>
  | Readonly<{ clean: 'step'; at: number }>
  | Readonly<{ clean: 'finish'; erases: number }>;

/** The file's free space. Nothing else of this process may write during a step. */
export type FileCleaner = Readonly<{
  answer(call: CleanCall): CleanStep | number | null;
  /** To be called when every connection of this process to the file is closed. */
  close(): void;
}>;

/** Where the first step begins. */
export const FIRST_STEP = 1;

const COUNT_PING = `update totals set value = value + 1 where name = 'pings'`;

/**
 * Overwrites what erased rows have left in the file's free space. SQLite itself would have to rewrite the whole file for
 * that (VACUUM), and nobody could write meanwhile. A step writes into the file beside SQLite: it holds SQLite's write
 * lock while the -wal file is empty, so the file is all there is, and it changes only bytes that nobody reads. Its own
 * commit then makes every other connection forget the pages that it has in memory, with their old free space.
 * @param databasePath without links: the -wal file is beside the file itself
 */
export function createFileCleaner(databasePath: string): FileCleaner {
  let file: number | null = null;
  // Closing it would drop the locks that SQLite has on the file for this process: so it stays open.
  const openFile = () => (file ??= openSync(databasePath, 'r+'));
  const step = (db: DatabaseSync, at: number) => {
    const pages = openPages(openFile(), databasePath);
    // Roots come first: a tree that grows copies its root to another page, which may have been cleaned already.
    if (at !== FIRST_STEP) return pages.cleanGroup(at);
    for (const root of rootsOf(db)) pages.clean(root, PAGE_KINDS.root);
    return pages.count < FIRST_GROUP ? null : FIRST_GROUP;
  };
  return {
    answer(call) {
      // With a connection of its own, which has no page in memory yet.
      using db = new DatabaseSync(databasePath, { timeout: 0 });
      switch (call.clean) {
        case 'owed':
          return owed(db);
        case 'step':
          return alone(db, databasePath, () => step(db, call.at), COUNT_PING);
        case 'finish': {
          fdatasyncSync(openFile());
          const mark = `update erasure set cleaned = ${call.erases}`;
          const marked = alone(db, databasePath, () => null, mark);
          return marked.kind === 'held' || foldWal(db) ? marked : held(databasePath);
        }
      }
    },
    close: () => void (file !== null && closeSync(file)),
  };
}

/** How many erases there were, if some of them may have left traces; else null. */
function owed(db: DatabaseSync): number | null {
  const row = db.prepare('select erases from erasure where erases > cleaned').get();
  return row === undefined ? null : Number(row.erases);
}

/** Runs work while the file is all there is. @param sql the change of the commit that ends it */
function alone(db: DatabaseSync, path: string, work: () => number | null, sql: string): CleanStep {
  try {
    if (!foldWal(db)) return held(path);
    db.exec('begin immediate');
    // Another process may have written in between.
    if (walBytes(path) > 0) return held(path);
    const next = work();
    db.exec(`${sql}; commit`);
    return { kind: 'done', next };
  } catch (error) {
    if (toStoreError(error).code === 'STORE_BUSY') return held(path);
    throw error;
  } finally {
    if (db.isTransaction) db.exec('rollback');
  }
}

/** Folds the -wal file into the file and truncates it, unless a reader prevents that. */
function foldWal(db: DatabaseSync): boolean {
  return db.prepare('pragma wal_checkpoint(truncate)').get()!.busy === 0;
}

function held(path: string): CleanStep {
  return { kind: 'held', readers: walReaders(path) };
}

function rootsOf(db: DatabaseSync): number[] {
  const rows = db.prepare('select distinct rootpage from sqlite_schema where rootpage > 0').all();
  return [1, ...rows.map(({ rootpage }) => Number(rootpage))];
}

type Pages = Readonly<{
  count: number;
  clean(number: number, kind: number): void;
  /** Cleans the group of pages that begins there. @returns where the next group begins, or null */
  cleanGroup(start: number): number | null;
}>;

/** The file's pages as they are now. */
function openPages(file: number, path: string): Pages {
  const head = Buffer.alloc(100);
  readSync(file, head, 0, head.length, 0);
  const pageSize = head.readUInt16BE(16) === 1 ? 0x1_0000 : head.readUInt16BE(16);
  if (head.readUInt32BE(52) === 0) throw withoutMap(path);
  const read = (number: number, count = 1) => {
    const bytes = Buffer.allocUnsafe(count * pageSize);
    readSync(file, bytes, 0, bytes.length, (number - 1) * pageSize);
    return bytes;
  };
  const trunks = new Set<number>();
  for (let at = head.readUInt32BE(32); at !== 0; at = read(at).readUInt32BE(0)) trunks.add(at);

  const cleanPage = (page: Buffer, number: number, kind: number) => {
    const isTree = kind === PAGE_KINDS.root || kind === PAGE_KINDS.tree;
    if (!isTree && kind !== PAGE_KINDS.free) return;
    const isChanged = isTree ? cleanTreePage(page, number) : cleanFreePage(page, trunks.has(number));
    if (isChanged) writeSync(file, page, 0, pageSize, (number - 1) * pageSize);
  };
  const cleanAll = ({ map, from, to }: PageGroup) => {
    const kinds = read(map);
    const bytes = read(from, Math.max(0, to - from + 1));
    for (let number = from; number <= to; number++) {
      const at = number - from;
      if (isLockPage(number, pageSize)) continue;
      cleanPage(bytes.subarray(at * pageSize, (at + 1) * pageSize), number, kinds[at * 5]!);
    }
  };
  const count = head.readUInt32BE(28);
  return {
    count,
    clean: (number, kind) => cleanPage(read(number), number, kind),
    cleanGroup(start) {
      const group = pageGroup(start, pageSize, count);
      cleanAll(group);
      return group.next;
    },
  };
}

/** Only a file that something else has rebuilt has no map of its pages. */
function withoutMap(path: string): StoreError {
  return new StoreError(
    'STORE_SCHEMA',
    `${path} was rebuilt without auto_vacuum, so its free space cannot be told: stop the receiver, run ` +
      `sqlite3 ${path} "pragma auto_vacuum = incremental; vacuum", start it, and erase again.`,
  );
}
