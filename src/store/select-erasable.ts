import type { Erasable, EraseState, EraseStore } from './store.ts';

/** Which events an erase is asked for. */
export type EraseSelection =
  | Readonly<{ by: 'ids'; ids: readonly string[] }>
  | Readonly<{ by: 'key'; source: string; key: string }>
  | Readonly<{ by: 'time'; source: string; sinceMs: number; untilMs: number }>;

export type Selected = Readonly<{
  /** Those that an erase would erase. */
  ids: readonly string[];
  /** The first of those with an open delivery. */
  open: readonly string[];
  counts: Readonly<Record<EraseState, number>>;
  /** Whether there are more than MAX_ERASED. The rest was not looked at. */
  isTooMany: boolean;
}>;

/** Most events of one erase: their ids are in memory. */
export const MAX_ERASED = 100_000;
/** Events of one look at the store. */
const LOOK_EVENTS = 1_000;
const MOST_NAMED = 5;

/** Finds the events, without changing anything. */
export async function selectErasable(store: EraseStore, selection: EraseSelection): Promise<Selected> {
  const ids: string[] = [];
  const open: string[] = [];
  const counts = { erased: 0, erased_before: 0, open: 0, unknown: 0 };
  let looked = 0;
  for await (const events of looks(store, selection)) {
    for (const { id, state } of events) {
      counts[state] += 1;
      if (state === 'erased') ids.push(id);
      if (state === 'open' && open.length < MOST_NAMED) open.push(id);
    }
    looked += events.length;
    if (looked > MAX_ERASED) return { ids, open, counts, isTooMany: true };
  }
  return { ids, open, counts, isTooMany: false };
}

async function* looks(store: EraseStore, selection: EraseSelection): AsyncGenerator<readonly Erasable[]> {
  switch (selection.by) {
    case 'ids': {
      const ids = [...new Set(selection.ids)];
      for (let at = 0; at < ids.length; at += LOOK_EVENTS) {
        yield await store.erasableById(ids.slice(at, at + LOOK_EVENTS));
      }
      return;
    }
    case 'key':
      yield await store.erasableByKey(selection.source, selection.key);
      return;
    case 'time': {
      const { source, sinceMs, untilMs } = selection;
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<EraseStore['erasableBetween']>> = await store.erasableBetween(
          source,
          sinceMs,
          untilMs,
          LOOK_EVENTS,
          after,
        );
        yield page.events;
        after = page.next;
      } while (after !== null);
    }
  }
}
