import { type Clock, sleep } from '../../runtime/clock.ts';
import { createRunLoop } from '../../runtime/run-loop.ts';
import type { Service } from '../../runtime/service.ts';

/** Between two blocks, each of which accepts wait for. */
const BLOCK_PAUSE_MS = 5;
/** How often to try again after a failure. */
const RETRY_MS = 30_000;

export type BlockFillerParts = Readonly<{
  /** @see prepareFillBlock */
  fill: (before: number | null) => Promise<number | null>;
  clock: Clock;
}>;

/** Writes the blocks of an inbox of an earlier version, beside the work. Until all are there, searches read events instead. */
export function createBlockFiller({ fill, clock }: BlockFillerParts): Service {
  let isDone = false;
  return createRunLoop(clock, RETRY_MS, 'at once', async (signal) => {
    if (isDone) return;
    try {
      for (let at = await fill(null); at !== null; at = await fill(at)) {
        await sleep(clock, BLOCK_PAUSE_MS, signal);
        if (signal.aborted) return;
      }
      isDone = true;
    } catch {
      // A failure of the storage shows in every other write.
    }
  });
}
