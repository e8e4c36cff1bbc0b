import type { Filter } from '../filter/filter.ts';
import { type Clock, monotonicMs } from '../runtime/clock.ts';
import { createSemaphore } from '../runtime/semaphore.ts';
import type { SearchHit, SearchStore } from './store.ts';

/** How far a search has come: what the last slice found, and totals of all slices so far. */
export type SearchStep = Readonly<{
  hits: readonly SearchHit[];
  /** Where a later search goes on; null when everything was looked at. */
  next: string | null;
  scanned: number;
  /** When the last event that was looked at was received; null if there was none. */
  searchedToMs: number | null;
}>;

/** What to find: at most `limit` events from the cursor on. Times are resolved. */
export type Search = Readonly<{ filter: Filter; limit: number; cursor: string | null }>;

export type Searches = Readonly<{
  /**
   * Searches slice by slice, until it is complete or nobody asks for the next step. At most MAX_SEARCHES run at once; the
   * others wait for their turn.
   */
  steps(search: Search, signal: AbortSignal): AsyncGenerator<SearchStep>;
  /** What is found within PAGE_MS. `busy`: so many others search that it did not come to its turn within TURN_MS. */
  page(search: Search): Promise<SearchStep | 'busy'>;
}>;

/** So that searches take the disk and the processor from the events for a share of the time alone. */
export const MAX_SEARCHES = 2;
/** How long one page is searched for. The slice that is under way then still ends. */
export const PAGE_MS = 1_500;
/** How long a page waits for its turn. */
export const TURN_MS = 500;

/** What an operator wants to know of searches. */
export type SearchObserver = Readonly<{
  /** A search has begun or ended, and so many run now. */
  onRunning?: (searches: number) => void;
  onSlice?: (durationMs: number, rows: number) => void;
  /** A page did not come to its turn. */
  onRefused?: () => void;
}>;

/** @param elapsedMs a clock that never steps */
export function createSearches(
  store: SearchStore,
  clock: Clock,
  observer: SearchObserver = {},
  elapsedMs: () => number = monotonicMs,
): Searches {
  const permits = createSemaphore(MAX_SEARCHES);
  let running = 0;

  async function* steps({ filter, limit, cursor }: Search, signal: AbortSignal): AsyncGenerator<SearchStep> {
    const giveBack = await permits.take(signal);
    observer.onRunning?.(++running);
    try {
      let [at, left, scanned] = [cursor, limit, 0];
      let searchedToMs: number | null = null;
      do {
        signal.throwIfAborted();
        const startedMs = elapsedMs();
        const slice = await store.searchSlice({ filter, limit: left, cursor: at });
        observer.onSlice?.(elapsedMs() - startedMs, slice.scanned);
        at = slice.next;
        left -= slice.hits.length;
        scanned += slice.scanned;
        searchedToMs = slice.searchedToMs ?? searchedToMs;
        yield { hits: slice.hits, next: at, scanned, searchedToMs };
      } while (at !== null && left > 0);
    } finally {
      observer.onRunning?.(--running);
      giveBack();
    }
  }

  return {
    steps,
    async page(search) {
      const waiting = new AbortController();
      const stopWaiting = clock.after(TURN_MS, () => waiting.abort(waiting));
      const startedMs = elapsedMs();
      const hits: SearchHit[] = [];
      try {
        for await (const step of steps(search, waiting.signal)) {
          stopWaiting();
          hits.push(...step.hits);
          if (step.next === null || hits.length === search.limit || elapsedMs() - startedMs >= PAGE_MS) {
            return { ...step, hits };
          }
        }
        throw new Error('a search ended without a last step');
      } catch (error) {
        if (error !== waiting) throw error;
        observer.onRefused?.();
        return 'busy';
      } finally {
        stopWaiting();
      }
    },
  };
}
