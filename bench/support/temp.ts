import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { atEnd, throwIfInterrupted } from './cleanup.ts';
import { BENCH_DIR } from './paths.ts';

const ROOT = join(BENCH_DIR, 'data');

export type TempDir = Readonly<{ path: string; remove(): Promise<void> }>;

/** A directory on the disk of the repository: os.tmpdir() may be memory, where an fsync costs nothing. */
export function createTempDir(name: string): TempDir {
  throwIfInterrupted();
  mkdirSync(ROOT, { recursive: true });
  const path = mkdtempSync(join(ROOT, `${name}-`));
  const remove = atEnd(() => {
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    try {
      rmdirSync(ROOT);
    } catch {
      // Others of this run are still there.
    }
  });
  return { path, remove };
}

/**
 * Copies a closed SQLite database over another and waits for the disk, so that the write-back is not measured later.
 * What a killed process left beside the other goes first: SQLite would replay its log into the copy.
 */
export function copyDatabase(from: string, to: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(to + suffix, { force: true });
  for (const suffix of ['', '-wal']) {
    if (!existsSync(from + suffix)) continue;
    copyFileSync(from + suffix, to + suffix);
    const file = openSync(to + suffix, 'r+');
    fsyncSync(file);
    closeSync(file);
  }
}
