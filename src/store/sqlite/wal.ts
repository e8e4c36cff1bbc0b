import { statSync } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { Service } from '../../runtime/service.ts';

/** The writer truncates the -wal file to this size when it restarts it. A larger file could not be restarted yet. */
export const WAL_KEPT_BYTES = 67_108_864;

const LOOK_MS = 30_000;
/** A long transaction, or a backup, may hold the file for a moment. */
const HELD_AFTER_MS = 60_000;

/** The size of the database's -wal file, 0 if there is none. */
export function walBytes(databasePath: string): number {
  return statSync(`${databasePath}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

export type WalWatchParts = Readonly<{
  databasePath: string;
  clock: Clock;
  /** @param heldMs for how long the file has been too large; 0 once it no longer is */
  onHeld: (heldMs: number, walBytes: number) => void;
}>;

/**
 * Watches for a reader, such as a shell with an open transaction or a backup that hangs, that keeps the writer from
 * reusing the -wal file: it grows with every commit until the reader ends.
 */
export function createWalWatch({ databasePath, clock, onHeld }: WalWatchParts): Service {
  let sinceMs: number | null = null;
  let isHeld = false;
  return createRunLoop(clock, LOOK_MS, 'after a pause', async () => {
    const bytes = walBytes(databasePath);
    const nowMs = clock.nowMs();
    sinceMs = bytes > WAL_KEPT_BYTES ? (sinceMs ?? nowMs) : null;
    const heldMs = sinceMs === null ? 0 : nowMs - sinceMs;
    const wasHeld = isHeld;
    isHeld = heldMs >= HELD_AFTER_MS;
    if (isHeld || wasHeld) onHeld(isHeld ? heldMs : 0, bytes);
  });
}
