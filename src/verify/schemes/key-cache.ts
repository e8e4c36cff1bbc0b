import { messageOf } from '../../domain/errors.ts';
import type { Verdict } from '../outcome.ts';

/** The keys cannot be fetched now. Answered 503, never as if the request were wrong. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
  readonly code = 'KEYS_UNAVAILABLE';
}

/** The verdict for a failed look-up. @throws any other error */
export function unavailable(error: unknown): Verdict {
  if (!(error instanceof KeysUnavailable)) throw error;
  return { ok: false, reason: 'keys_unavailable', detail: error.message };
}

export type KeyCache<T> = Readonly<{
  /**
   * The value of the name, loaded if it is unknown or too old. Concurrent callers share one load.
   * @param maxAgeMs a shorter maximum age, to look again for a key that was missing
   * @throws KeysUnavailable when it cannot be loaded
   */
  get(name: string, nowMs: number, maxAgeMs?: number): Promise<T>;
}>;

export type KeyCacheOptions<T> = Readonly<{
  load(name: string): Promise<T>;
  ttlMs?: number;
  maxEntries?: number;
  /** Most loads a minute: names come from unverified requests. */
  maxLoadsPerMinute?: number;
}>;

type Entry<T> = { promise: Promise<T>; loadedAtMs: number; hasFailed: boolean };

const RETRY_AFTER_FAILURE_MS = 5000;
const LOADS_WINDOW_MS = 60_000;

export function createKeyCache<T>(options: KeyCacheOptions<T>): KeyCache<T> {
  const { load, ttlMs = 60 * 60_000, maxEntries = 100, maxLoadsPerMinute = 30 } = options;
  const entries = new Map<string, Entry<T>>();
  let loads: number[] = [];

  const start = (name: string, nowMs: number): Promise<T> => {
    loads = loads.filter((atMs) => Math.abs(nowMs - atMs) < LOADS_WINDOW_MS);
    if (loads.length >= maxLoadsPerMinute) {
      return Promise.reject(
        new KeysUnavailable(`${maxLoadsPerMinute} keys were fetched within a minute: no more now`),
      );
    }
    loads.push(nowMs);
    const promise = load(name).catch((error) => {
      entry.hasFailed = true;
      throw new KeysUnavailable(`The key could not be fetched: ${messageOf(error)}.`, { cause: error });
    });
    const entry: Entry<T> = { promise, loadedAtMs: nowMs, hasFailed: false };
    entries.delete(name);
    if (entries.size >= maxEntries) entries.delete(leastWanted(entries));
    entries.set(name, entry);
    return promise;
  };

  return {
    get(name, nowMs, maxAgeMs = ttlMs) {
      const entry = entries.get(name);
      const lifetimeMs = entry?.hasFailed === true ? RETRY_AFTER_FAILURE_MS : maxAgeMs;
      const isFresh = entry !== undefined && Math.abs(nowMs - entry.loadedAtMs) < lifetimeMs;
      return isFresh ? entry.promise : start(name, nowMs);
    },
  };
}

/** The oldest failure, otherwise the oldest entry: invented names must not evict working keys. */
function leastWanted<T>(entries: ReadonlyMap<string, Entry<T>>): string {
  let oldest: string | null = null;
  for (const [name, entry] of entries) {
    if (entry.hasFailed) return name;
    oldest ??= name;
  }
  return oldest ?? '';
}
