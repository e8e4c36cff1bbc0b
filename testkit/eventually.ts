import { setTimeout as pause } from 'node:timers/promises';
import { watchMovement } from './standstill.ts';

const BETWEEN_LOOKS_MS = 20;

/**
 * Looks again and again until something is found.
 * @param look what to find; undefined or false stands for not yet
 * @param progress a number or text that changes while the work goes on, such as how much is done; the wait gives up
 *   when it has not changed for `STANDSTILL_MS`. Left out, that is how long the wait lasts at most.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  progress: () => Promise<string | number> | string | number = () => 0,
): Promise<T> {
  const movement = watchMovement();
  let last = await progress();
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    const current = await progress();
    if (current !== last) movement.moved();
    last = current;
    if (movement.hasStopped()) throw new Error(`${what}: not yet, and nothing moves any more (${current})`);
    await pause(BETWEEN_LOOKS_MS);
  }
}
