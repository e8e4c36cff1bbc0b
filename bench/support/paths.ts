import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

export const BENCH_DIR = dirname(import.meta.dirname);
export const REPO_DIR = dirname(BENCH_DIR);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function findOnPath(program: string): string | null {
  const dirs = (process.env.PATH ?? '').split(delimiter).filter((dir) => dir !== '');
  return dirs.map((dir) => join(dir, program)).find(isExecutable) ?? null;
}

/** Where Debian keeps what it leaves off the PATH; the newest version first. */
const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/** The directory with both `postgres` and `initdb`, or null. */
export function findPostgresBin(): string | null {
  const dirs: string[] = [];
  const onPath = findOnPath('postgres');
  if (onPath !== null) dirs.push(dirname(onPath), dirname(realpathSync(onPath)));
  try {
    const versions = readdirSync(DEBIAN_POSTGRES).sort((a, b) => Number(b) - Number(a));
    dirs.push(...versions.map((version) => join(DEBIAN_POSTGRES, version, 'bin')));
  } catch {
    // Not a Debian, or none installed.
  }
  return dirs.find((dir) => isExecutable(join(dir, 'postgres')) && isExecutable(join(dir, 'initdb'))) ?? null;
}
