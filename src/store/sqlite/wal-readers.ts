import { readFileSync, statSync } from 'node:fs';
import { pid as ownPid } from 'node:process';

/** The bytes of the -shm file that readers lock (https://www.sqlite.org/walformat.html, section 2.2). */
const FIRST_BYTE = 123;
const LAST_BYTE = 127;

/**
 * Names the processes that read the database, as far as the system tells: by their locks of its -shm file, which Linux
 * lists in /proc/locks.
 */
export function walReaders(databasePath: string): readonly string[] {
  const locks = readText('/proc/locks');
  const shm = statSync(`${databasePath}-shm`, { throwIfNoEntry: false });
  if (locks === null || shm === undefined) return [UNKNOWN];
  const pids = new Set(pidsWithLock(locks, shm.ino));
  return pids.size === 0 ? [UNKNOWN] : [...pids].map(nameOf);
}

const UNKNOWN = 'a reader that this system does not name';

/** Such as `1: POSIX  ADVISORY  READ 4711 08:01:131 123 123`. The device is left out: file systems have several names. */
const LOCK = /^\d+: POSIX +ADVISORY +READ +(\d+) [\da-f]+:[\da-f]+:(\d+) (\d+) (\d+|EOF)$/gm;

export function pidsWithLock(locks: string, inode: number): number[] {
  return [...locks.matchAll(LOCK)]
    .filter(([, , ino, from, to]) => {
      const last = to === 'EOF' ? Number.POSITIVE_INFINITY : Number(to);
      return Number(ino) === inode && Number(from) <= LAST_BYTE && last >= FIRST_BYTE;
    })
    .map(([, pid]) => Number(pid));
}

function nameOf(pid: number): string {
  if (pid === ownPid) return 'a query of this receiver';
  // The kernel shows a process that this container cannot see as 0.
  if (pid === 0) return 'a process outside of this container';
  const name = readText(`/proc/${pid}/comm`)?.trim();
  return name ? `process ${pid} (${name})` : `process ${pid}`;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
