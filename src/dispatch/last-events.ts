import type { Clock } from '../runtime/clock.ts';
import { uuidTimeMs } from '../runtime/ids.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { SearchStore } from '../store/store.ts';
import type { Signs } from './alert-signs.ts';

export type LastEventsParts = Readonly<{
  store: Pick<SearchStore, 'searchSlice'>;
  signs: Pick<Signs, 'lastEventMs' | 'noteLastEvent'>;
  /** Those of the configuration in effect. */
  sources: () => readonly string[];
  clock: Clock;
}>;

const PAUSE_MS = 15_000;
/** Newest events that are looked at for one that is no test. */
const LOOKED_AT = 20;

/** Finds in the store when each source last sent an event: once, since what comes later is seen as it comes. */
export function createLastEvents({ store, signs, sources, clock }: LastEventsParts): Service {
  return createRunLoop(clock, PAUSE_MS, 'at once', async (signal) => {
    for (const source of sources()) {
      if (signal.aborted || signs.lastEventMs(source) !== null) continue;
      // A store that fails says so by itself; the next look asks again.
      const atMs = await newestEventMs(store, source).catch(() => null);
      if (atMs === null) return;
      signs.noteLastEvent(source, atMs);
    }
  });
}

/** When the newest event of the source was received; 0 if there is none. */
export async function newestEventMs(
  store: Pick<SearchStore, 'searchSlice'>,
  source: string,
): Promise<number> {
  const filter = [{ field: 'source', values: [source], negated: false }] as const;
  const { hits } = await store.searchSlice({ filter, limit: LOOKED_AT, cursor: null });
  // A test of an operator is no sign of life.
  const newest = hits.find(({ event }) => event.origin !== 'test')?.event.id;
  return newest === undefined ? 0 : uuidTimeMs(newest);
}
