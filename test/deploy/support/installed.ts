import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Where a program of this name is, or null. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => path.join(folder, name)).find(isExecutable) ?? null;
}

/**
 * Why tests that need a program are left out, as `skip` of node:test takes it. With CI_NO_SKIP=1 nothing is: they run
 * and fail.
 */
export function skipWithout(name: string): string | false {
  if (process.env.CI_NO_SKIP === '1' || findProgram(name) !== null) return false;
  return `${name} is not installed (apt-get install ${name})`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
