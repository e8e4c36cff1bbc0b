import { type Clock, sleep } from './clock.ts';
import { keepAlive } from './keep-alive.ts';

/** Long enough for modules that ask another service for secrets, and short enough to be seen at a start. */
export const LOAD_TIMEOUT_MS = 15_000;

/**
 * Waits for a user's module to load. A top-level await that never settles would let a start hang without a word.
 * @returns what the module loads
 * @throws Error when it is still loading after LOAD_TIMEOUT_MS, and whatever loading rejects with
 */
export async function loadInTime<T>(loading: Promise<T>, clock: Clock): Promise<T> {
  const loaded = new AbortController();
  const late = sleep(clock, LOAD_TIMEOUT_MS, loaded.signal).then((): never => {
    throw new Error(
      `it was still loading after ${LOAD_TIMEOUT_MS / 1000} s: check its top-level await and its default export`,
    );
  });
  // After the race is over its loser is of no interest.
  late.catch(() => {});
  try {
    return await keepAlive(() => Promise.race([loading, late]));
  } finally {
    loaded.abort();
  }
}
