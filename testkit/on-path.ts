import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program is, or null. */
export function findOnPath(program: string): string | null {
  // Debian keeps servers where an ordinary user does not look.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not there.
    }
  }
  return null;
}

/**
 * Why tests that need a program are skipped, or false when it is there. Where no skip is allowed (CI_NO_SKIP=1) they
 * are not, and fail for want of it.
 */
export function skipWithout(program: string): string | false {
  if (process.env.CI_NO_SKIP === '1' || findOnPath(program) !== null) return false;
  return `${program} is not on the PATH`;
}
