import { isReply, type RedisConnection } from './connection.ts';
import type { StreamEntry } from './entries.ts';
import { GROUP } from './keys.ts';

/** How long one blocking read waits: a server that lost the stream meanwhile may not say so before. */
const BLOCK_MS = 2_000;

export type ArrivalParts = Readonly<{
  keyOf: (destination: string) => string;
  consumer: string;
  onEntries: (destination: string, entries: readonly StreamEntry[]) => void;
}>;

export type Arrivals = Readonly<{
  /** There was nothing for this destination: read its next entry as soon as it comes. */
  watch(destination: string): void;
  /** Reads on this connection until it ends. Rejects with what ended it. */
  readOn(connection: RedisConnection): Promise<void>;
}>;

/**
 * Waits for entries of the destinations that have nothing, with one blocking read for all of them. It takes one
 * entry of each and then watches that destination no more: how many else are wanted only the dispatcher knows.
 */
export function createArrivals({ keyOf, consumer, onEntries }: ArrivalParts): Arrivals {
  const watched = new Set<string>();
  let reading: ReadonlySet<string> = new Set();
  let connection: RedisConnection | null = null;
  let wake = () => {};

  const read = async ({ blocking, makeGroups }: RedisConnection) => {
    reading = new Set(watched);
    const streams = [...reading].map((destination) => ({ key: keyOf(destination), id: '>' }));
    try {
      const replies = await blocking.xReadGroup(GROUP, consumer, streams, { COUNT: 1, BLOCK: BLOCK_MS });
      for (const { name, messages } of replies ?? []) {
        const destination = [...reading].find((one) => keyOf(one) === name)!;
        watched.delete(destination);
        onEntries(destination, messages);
      }
    } catch (error) {
      // A stream was deleted, or its group: both are made anew.
      if (!isReply(error, 'NOGROUP') && !isReply(error, 'UNBLOCKED')) throw error;
      await makeGroups(streams.map(({ key }) => key));
    } finally {
      reading = new Set();
    }
  };

  return {
    watch(destination) {
      if (watched.has(destination)) return;
      watched.add(destination);
      wake();
      // A read under way does not know of it.
      if (reading.size > 0) void connection?.commands.clientUnblock(connection.blockingId).catch(() => {});
    },
    async readOn(current) {
      connection = current;
      while (current.blocking.isReady) {
        if (watched.size === 0) await new Promise<void>((resolve) => (wake = resolve));
        else await read(current);
      }
    },
  };
}
