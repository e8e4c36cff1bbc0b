import { setTimeout as pause } from 'node:timers/promises';

const BETWEEN_LOOKS_MS = 20;

/**
 * Looks again and again until something is found.
 * @param look what to find; undefined or false stands for not yet
 * @param deadlineMs generous: it is only ever reached when something is wrong
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 15_000,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await pause(BETWEEN_LOOKS_MS);
  }
}
