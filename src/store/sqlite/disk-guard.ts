import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { Service } from '../../runtime/service.ts';

const GIBIBYTE = 1024 ** 3;
const SHARE = 0.05;
/** In so long no accept fills what the default leaves. */
const EVERY_MS = 500;

export type DiskSpace = Readonly<{ freeBytes: number; totalBytes: number }>;

/** @param minFreeBytes null: the smaller of 1 GiB and 5 % of the file system; 0: never */
export function isDiskLow(space: DiskSpace, minFreeBytes: number | null): boolean {
  return space.freeBytes < leastFreeBytes(space, minFreeBytes);
}

/** How much has to be free. */
export function leastFreeBytes({ totalBytes }: DiskSpace, minFreeBytes: number | null): number {
  return minFreeBytes ?? Math.min(GIBIBYTE, SHARE * totalBytes);
}

/** What is free for this process of the file system that the file is on. */
export async function readDiskSpace(path: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(dirname(path));
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

export type DiskGuardParts = Readonly<{
  path: string;
  minFreeBytes: number | null;
  clock: Clock;
  /** Called when the answer changes, and first when there is too little from the start. */
  onLow: (isLow: boolean) => void;
}>;

/** Watches the free space. */
export function createDiskGuard({
  path,
  minFreeBytes,
  clock,
  onLow,
}: DiskGuardParts): Service & Readonly<{ look(): Promise<void> }> {
  let wasLow = false;
  const look = async () => {
    if (minFreeBytes === 0) return;
    // A file system that does not answer has an error of its own at the next write.
    const space = await readDiskSpace(path).catch(() => null);
    if (space === null) return;
    const isLow = isDiskLow(space, minFreeBytes);
    if (isLow !== wasLow) onLow(isLow);
    wasLow = isLow;
  };
  return { ...createRunLoop(clock, EVERY_MS, 'after a pause', look), look };
}
