import type { QueueMessage } from '../queue.ts';
import { type Held, type StreamEntry, toHeld } from './entries.ts';

/** The entries that this process has read and neither acked nor released. */
export type Holdings = Readonly<{
  /** Makes messages of entries that were read. An entry that is held already, or that is not ours, makes none. */
  add(destination: string, entries: readonly StreamEntry[]): QueueMessage[];
  heldOf(destination: string): readonly Held[];
  /** Forgets everything. @returns what was held, of each destination that had any */
  empty(): ReadonlyMap<string, readonly Held[]>;
}>;

/** Where an entry ends. Neither function rejects. */
export type Endings = Readonly<{
  ack(held: Held): Promise<void>;
  release(destination: string, held: readonly Held[]): Promise<void>;
}>;

/**
 * Keeps the held entries, by destination and entry id. A message leaves with its first ack or release; later calls of
 * either do nothing.
 */
export function createHoldings(destinations: readonly string[], endings: Endings): Holdings {
  const byDestination = new Map<string, Map<string, Held>>(destinations.map((name) => [name, new Map()]));

  const drop = ({ destination, entryId }: Held) => byDestination.get(destination)?.delete(entryId) === true;
  const toMessage = (held: Held): QueueMessage => ({
    destination: held.destination,
    deliveryId: held.deliveryId,
    publishedAtMs: held.publishedAtMs,
    ack: async () => {
      if (drop(held)) await endings.ack(held);
    },
    release: async () => {
      if (drop(held)) await endings.release(held.destination, [held]);
    },
  });

  return {
    add: (destination, entries) =>
      entries.flatMap((entry) => {
        const held = toHeld(destination, entry);
        if (held === null || byDestination.get(destination)?.has(held.entryId)) return [];
        byDestination.get(destination)?.set(held.entryId, held);
        return [toMessage(held)];
      }),
    heldOf: (destination) => [...(byDestination.get(destination)?.values() ?? [])],
    empty() {
      const all = [...byDestination].filter(([, entries]) => entries.size > 0);
      const held = new Map(all.map(([destination, entries]) => [destination, [...entries.values()]]));
      for (const [, entries] of all) entries.clear();
      return held;
    },
  };
}
