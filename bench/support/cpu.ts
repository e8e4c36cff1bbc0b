import { readdirSync, readFileSync } from 'node:fs';

/** Of Linux, whatever the kernel's own rate: what /proc counts in. */
const TICKS_PER_SECOND = 100;

type Stat = Readonly<{ parent: number; own: number; reaped: number }>;

/** Seconds of CPU that a process and its children have taken so far, ended ones included; NaN without a /proc. */
export function cpuSeconds(pid: number): number {
  const root = readStat(pid);
  if (root === null) return Number.NaN;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat?.parent === pid);
  const ticks = children.reduce((sum, child) => sum + child!.own + child!.reaped, root.own + root.reaped);
  return ticks / TICKS_PER_SECOND;
}

/** Null when the process is gone. */
function readStat(pid: number): Stat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}

/** The name of the program, in parentheses, may hold anything: what counts comes after it. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (at: number) => Number(fields[at]);
  return { parent: number(1), own: number(11) + number(12), reaped: number(13) + number(14) };
}
