import { readFileSync, statfsSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { BENCH_DIR } from './paths.ts';

/** f_type of statfs(2) for the usual ones. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  2435016766: 'btrfs',
  1481003842: 'xfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
};

export function fileSystem(): string {
  const kind = statfsSync(BENCH_DIR).type;
  return FILE_SYSTEMS[kind] ?? `0x${kind.toString(16)}`;
}

/** One line for the head of the report. */
export function describeMachine(): string {
  const all = cpus();
  const model = all[0]?.model.trim() ?? 'unknown CPU';
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return [
    `${all.length} x ${model}`,
    `${memoryGib} GiB`,
    `${type()} ${release()}`,
    fileSystem(),
    `Node ${process.version}`,
  ].join(', ');
}

/** More than this before the first measurement is somebody else's work, and in every number that follows. */
const QUIET_LOAD = 0.3;

/** A warning for the head of the report when others use the machine too, or null. */
export function describeOthers(): string | null {
  const load = loadavg()[0] ?? 0;
  if (load <= QUIET_LOAD) return null;
  return `The machine was not idle: load average ${load.toFixed(1)} before the start. Expect noise.`;
}

export type Memory = Readonly<{ rssMb: number; peakMb: number }>;

/** Resident memory of a process, now and at most; NaN where there is no /proc. */
export function readMemory(pid: number): Memory {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
    return { rssMb: kib('VmRSS') / 1024, peakMb: kib('VmHWM') / 1024 };
  } catch {
    return { rssMb: Number.NaN, peakMb: Number.NaN };
  }
}
