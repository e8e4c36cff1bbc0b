import { sleep } from '../../runtime/clock.ts';
import { createArrived } from '../arrived.ts';
import type { Queue, QueueMessage, QueueOptions } from '../queue.ts';
import { stayConnected } from '../stay-connected.ts';
import { createAcknowledge } from './acknowledge.ts';
import { type Arrivals, createArrivals } from './await-arrivals.ts';
import { isReply } from './client.ts';
import { openConnection, type RedisConnection } from './connection.ts';
import { readDepth } from './depth.ts';
import { type Held, type StreamEntry, toHeld } from './entries.ts';
import { GROUP, streamKey } from './keys.ts';
import { createPublish } from './publish.ts';
import { createRecover } from './recover.ts';
import { createSeeds } from './seeds.ts';

export type RedisQueueOptions = QueueOptions & Readonly<{ url: string; prefix: string }>;

/** A connection and what lives as long as it does. */
type Live = RedisConnection &
  Readonly<{ arrivals: Arrivals; ended: AbortController; lost: (error: Error) => void }>;

/**
 * A queue on Redis Streams, of one server or a cluster: a stream for each destination, and one consumer group. Connects
 * by itself, later too.
 */
export function openRedisQueue(options: RedisQueueOptions): Queue {
  const { clock, consumer, observer, idleMs } = options;
  const keyOf = (destination: string) => streamKey(options.prefix, destination);
  const names = options.destinations.map(({ name }) => name);
  const takers = options.destinations.filter(({ mostAtWork }) => mostAtWork > 0).map(({ name }) => name);
  const arrived = createArrived();
  const held = new Map<string, Map<string, Held>>(names.map((name) => [name, new Map()]));
  let closing: Promise<void> | null = null;

  const acknowledge = createAcknowledge(keyOf, () => link.current());
  const publish = createPublish(keyOf, clock);
  const toMessages = (destination: string, entries: readonly StreamEntry[]): QueueMessage[] =>
    entries.flatMap((entry) => {
      const one = toHeld(destination, entry);
      if (one === null || held.get(destination)?.has(one.entryId)) return [];
      held.get(destination)?.set(one.entryId, one);
      return [toMessage(one)];
    });
  const drop = (one: Held) => held.get(one.destination)?.delete(one.entryId) === true;
  const toMessage = (one: Held): QueueMessage => ({
    destination: one.destination,
    deliveryId: one.deliveryId,
    publishedAtMs: one.publishedAtMs,
    ack: async () => {
      if (drop(one)) await acknowledge.ack(one);
    },
    release: async () => {
      if (drop(one)) await acknowledge.release(one.destination, [one]);
    },
  });
  const onEntries = (destination: string, entries: readonly StreamEntry[]) => {
    for (const message of toMessages(destination, entries)) arrived.put(message);
    observer.onArrival?.(destination);
  };
  const recover = createRecover({
    keyOf,
    consumer,
    idleMs,
    heldOf: (destination) => [...(held.get(destination)?.values() ?? [])],
    waitingHere: arrived.count,
    onEntries,
  });

  const seeds = createSeeds(options.url);
  /** Beside the taking, for as long as the connection lasts: three looks before anybody could count as dead. */
  const keepLooking = async (connection: Live) => {
    const { signal } = connection.ended;
    while (!signal.aborted) {
      seeds.learn(connection.addresses());
      for (const name of takers) await recover(connection, name);
      await sleep(clock, idleMs / 3, signal);
    }
  };
  const link = stayConnected<Live>({
    ...options,
    async open(lost) {
      const connection = await openConnection({
        url: seeds.next(),
        mustBeCluster: seeds.areMany,
        keys: names.map(keyOf),
        clock,
        lost,
      });
      const ended = new AbortController();
      const parts = { connection, keyOf, consumer, onEntries, clock, ended: ended.signal, lost };
      return { ...connection, arrivals: createArrivals(parts), ended, lost };
    },
    onUp(connection) {
      keepLooking(connection).catch(connection.lost);
      // Whoever was told that there is nothing may have been told so for want of a connection.
      for (const name of takers) observer.onArrival?.(name);
    },
    onDown: () => {},
    async close(connection) {
      connection.ended.abort();
      connection.close();
    },
  });

  const readNew = async (connection: RedisConnection, destination: string, limit: number) => {
    const key = keyOf(destination);
    const read = () =>
      connection.run((client) => client.xReadGroup(GROUP, consumer, { key, id: '>' }, { COUNT: limit }));
    const replies = await read().catch(async (error: unknown) => {
      if (!isReply(error, 'NOGROUP')) throw error;
      await connection.makeGroups([key]);
      return read();
    });
    return toMessages(destination, replies?.[0]?.messages ?? []);
  };
  /** The connection while there is one and nobody has closed the queue. */
  const connected = () => (closing === null ? link.current() : null);

  return {
    async publish(entries) {
      const connection = connected();
      if (connection === null) return { published: 0, dropped: entries.length };
      return publish(connection, entries);
    },
    async take(destination, limit) {
      const connection = connected();
      if (connection === null) return [];
      const here = arrived.takeUpTo(destination, limit);
      if (here.length > 0) return here;
      try {
        const messages = await readNew(connection, destination, limit);
        if (messages.length === 0) connection.arrivals.watch(destination);
        return messages;
      } catch {
        // The connection ended, or the server is in trouble: the next look is when something comes.
        connected()?.arrivals.watch(destination);
        return [];
      }
    },
    async depth() {
      const connection = connected();
      if (connection === null) return { kind: 'unknown' };
      try {
        const depths = names.map((name) => readDepth(connection, keyOf(name), name));
        return { kind: 'known', depths: await Promise.all(depths) };
      } catch {
        return { kind: 'unknown' };
      }
    },
    health: () => (closing === null ? link.health() : { ...link.health(), state: 'down' }),
    close() {
      closing ??= (async () => {
        await Promise.all(
          [...held].map(([destination, entries]) => {
            const rest = [...entries.values()];
            entries.clear();
            return rest.length === 0 ? undefined : acknowledge.release(destination, rest);
          }),
        );
        await acknowledge.drain();
        await link.close();
      })();
      return closing;
    },
  };
}
