import type { DestinationState, Standing } from '../../domain/destination-state.ts';
import { standingAt } from '../../domain/destination-state.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { BrowseStore, StoreStats } from '../../store/store.ts';
import { createLookElsewhere, type ElsewhereParts } from './look-elsewhere.ts';

/** What changes on pages by itself. */
export type LiveNumbers = Readonly<{
  /** The server's time. */
  at: number;
  events: number;
  /** Sources that have sent an event, to whatever node. */
  heard: readonly string[];
  destinations: Readonly<
    Record<string, Readonly<{ state: Standing; pending: number; processing: number; failed: number }>>
  >;
}>;

export type LiveParts = ElsewhereParts &
  Readonly<{
    store: Pick<BrowseStore, 'stats'>;
    states: Readonly<{ of(destination: string): DestinationState }>;
    destinations: () => readonly Readonly<{ name: string }>[];
    clock: Clock;
  }>;

/**
 * Called with each reading.
 * @param text what changes of the numbers, as JSON: made once for all who watch
 */
export type Watcher = (numbers: LiveNumbers, text: string) => void;

export type LiveFeed = Readonly<{
  /** @returns ends the watch */
  watch(watcher: Watcher): () => void;
}>;

const POLL_MS = 1_000;

/** Reads the kept counters once a second for all who watch, and not at all while nobody does. */
export function createLiveFeed(parts: LiveParts): LiveFeed {
  const watchers = new Set<Watcher>();
  let cancel: (() => void) | null = null;
  let isReading = false;
  const lookElsewhere = createLookElsewhere(parts);
  const poll = async () => {
    cancel = null;
    isReading = true;
    try {
      const stats = await parts.store.stats();
      await lookElsewhere(stats.events);
      const numbers = numbersOf(stats, parts);
      const { at: _, ...changing } = numbers;
      const text = JSON.stringify(changing);
      for (const watcher of watchers) watcher(numbers, text);
    } catch {
      // Whoever watches sees how old the numbers are; the store tells of its failures itself.
    }
    isReading = false;
    goOn(POLL_MS);
  };
  const goOn = (delayMs: number) => {
    if (watchers.size > 0 && !isReading) cancel ??= parts.clock.after(delayMs, poll);
  };
  return {
    watch(watcher) {
      watchers.add(watcher);
      goOn(0);
      return () => {
        watchers.delete(watcher);
        if (watchers.size > 0) return;
        cancel?.();
        cancel = null;
      };
    },
  };
}

function numbersOf({ counts, events }: StoreStats, parts: LiveParts): LiveNumbers {
  const { states, destinations, sources, lastEventMs, clock } = parts;
  const nowMs = clock.nowMs();
  const heard = sources().flatMap(({ name }) => ((lastEventMs(name) ?? 0) > 0 ? name : []));
  const countsByName = Map.groupBy(counts, ({ destination }) => destination);
  const countOf = (name: string, status: string) =>
    countsByName.get(name)?.find((one) => one.status === status)?.count ?? 0;
  const rows = destinations().map(({ name }) => [
    name,
    {
      state: standingAt(states.of(name), nowMs),
      pending: countOf(name, 'pending'),
      processing: countOf(name, 'processing'),
      failed: countOf(name, 'failed'),
    },
  ]);
  return { at: nowMs, events, heard, destinations: Object.fromEntries(rows) };
}
