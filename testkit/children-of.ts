import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The processes that a process has started, by their ids. */
export function childrenOf(parent: number): number[] {
  const pairs = existsSync('/proc/self/stat') ? pairsOfProc() : pairsOfPs();
  return pairs.flatMap(([pid, ppid]) => (ppid === parent ? [pid] : []));
}

type Pair = readonly [pid: number, ppid: number];

/** Minimal images of Linux have no `ps`. */
function pairsOfProc(): Pair[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readStat(name);
      // `pid (command) state ppid …`; the command may hold anything, parentheses too.
      const ppid = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
      return ppid === undefined ? [] : [[Number(name), Number(ppid)] as const];
    });
}

/** Null when the process has ended meanwhile. */
function readStat(pid: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
}

function pairsOfPs(): Pair[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [pid, ppid] = line.trim().split(/\s+/).map(Number);
    return [pid!, ppid!] as const;
  });
}
