import type { Searches } from '../../store/run-search.ts';
import { newestReceived } from '../admin/source-list.ts';

export type ElsewhereParts = Readonly<{
  store: Readonly<{ exclusive: boolean }>;
  searches: Searches;
  sources: () => readonly Readonly<{ name: string }>[];
  lastEventMs: (source: string) => number | null;
  noteLastEvent: (source: string, atMs: number) => void;
}>;

/** Sources that one reading looks for: a watched console may not cost more with the number of silent sources. */
const LOOKS_PER_READING = 2;

/**
 * Finds first events that other nodes have accepted: of sources that this process has heard nothing of, in turns, and only
 * when the number of events has changed. Where no other process accepts there is nothing to find.
 * @returns to be called with each reading of the number of events
 */
export function createLookElsewhere(parts: ElsewhereParts): (events: number) => Promise<void> {
  const { store, searches, sources, lastEventMs, noteLastEvent } = parts;
  const isSilent = (name: string) => (lastEventMs(name) ?? 0) === 0;
  const due = new Set<string>();
  let eventsBefore: number | null = null;
  return async (events) => {
    if (store.exclusive) return;
    if (events !== eventsBefore) for (const { name } of sources()) due.add(name);
    eventsBefore = events;
    let looks = 0;
    for (const name of due) {
      if (looks === LOOKS_PER_READING) return;
      due.delete(name);
      if (!isSilent(name)) continue;
      looks += 1;
      const hit = await newestReceived(searches, name);
      if (hit === 'busy') due.add(name);
      else if (hit !== null) noteLastEvent(name, hit.event.receivedAtMs);
    }
  };
}
