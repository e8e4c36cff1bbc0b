import { createArrived } from '../arrived.ts';
import type { DepthReading, Queue, QueueDepth, QueueOptions } from '../queue.ts';
import { stayConnected } from '../stay-connected.ts';
import { createAcknowledge } from './acknowledge.ts';
import { isReply } from './client.ts';
import type { RedisConnection } from './connection.ts';
import type { StreamEntry } from './entries.ts';
import { createHoldings } from './holdings.ts';
import { GROUP, streamKey } from './keys.ts';
import { type LiveConnection, openLiveConnection } from './live-connection.ts';
import { createPublish } from './publish.ts';
import { createRecover } from './recover.ts';
import { createSeeds } from './seeds.ts';
import { createTake } from './take.ts';

export type RedisQueueOptions = QueueOptions & Readonly<{ url: string; prefix: string }>;

/**
 * A queue on Redis Streams, of one server or a cluster: a stream for each destination, and one consumer group. It
 * connects by itself, and again whenever the connection is lost.
 */
export function openRedisQueue(options: RedisQueueOptions): Queue {
  const { clock, consumer, observer, idleMs } = options;
  const keyOf = (destination: string) => streamKey(options.prefix, destination);
  const names = options.destinations.map(({ name }) => name);
  const takers = options.destinations.filter(({ mostAtWork }) => mostAtWork > 0).map(({ name }) => name);
  const arrived = createArrived();
  const acknowledge = createAcknowledge(keyOf, () => link.current());
  const holdings = createHoldings(names, acknowledge);
  const held = new Set<string>();
  const isHeld = (destination: string) => held.has(destination);
  const onEntries = (destination: string, entries: readonly StreamEntry[]) => {
    for (const message of holdings.add(destination, entries)) arrived.put(message);
    // Of a read that was under way.
    if (isHeld(destination)) arrived.release(destination);
    else observer.onArrival?.(destination);
  };
  const here = { heldOf: holdings.heldOf, isHeld, waitingHere: arrived.count };
  const recover = createRecover({ keyOf, consumer, idleMs, ...here, onEntries });
  const publish = createPublish(keyOf, clock);

  const seeds = createSeeds(options.url);
  const parts = { seeds, keyOf, names, takers, consumer, idleMs, clock, recover, onEntries };
  const link = stayConnected<LiveConnection>({
    ...options,
    open: (lost) => openLiveConnection(parts, lost),
    onUp(connection) {
      connection.start();
      // An empty answer may have been given because there was no connection.
      for (const name of takers) observer.onArrival?.(name);
    },
    onDown: () => {},
    close: async (connection) => connection.close(),
  });

  let closing: Promise<void> | null = null;
  const connected = () => (closing === null ? link.current() : null);
  const take = createTake({ keyOf, consumer, arrived, holdings, isHeld, current: connected });
  const close = async () => {
    const releases = [...holdings.empty()].map(([name, held]) => acknowledge.release(name, held));
    await Promise.all(releases);
    await acknowledge.drain();
    await link.close();
  };

  return {
    async publish(entries) {
      const connection = connected();
      return connection === null ? { published: 0, dropped: entries.length } : publish(connection, entries);
    },
    take,
    hold(destination) {
      held.add(destination);
      arrived.release(destination);
      connected()?.arrivals.unwatch(destination);
    },
    resume(destination) {
      held.delete(destination);
      observer.onArrival?.(destination);
    },
    async depth() {
      const connection = connected();
      if (connection === null) return { kind: 'unknown' };
      return readDepths(connection, names, keyOf).catch(() => ({ kind: 'unknown' }));
    },
    health: () => (closing === null ? link.health() : { ...link.health(), state: 'down' }),
    close: () => (closing ??= close()),
  };
}

async function readDepths(
  connection: LiveConnection,
  names: readonly string[],
  keyOf: (destination: string) => string,
): Promise<DepthReading> {
  const depths = names.map((name) => readDepth(connection, keyOf(name), name));
  return { kind: 'known', depths: await Promise.all(depths) };
}

/** Reads two counters of the server: an entry is in its stream until it is acked, and pending once it is taken. */
async function readDepth({ run }: RedisConnection, key: string, destination: string): Promise<QueueDepth> {
  const [length, unacknowledged] = await run((client) =>
    Promise.all([client.xLen(key), client.xPending(key, GROUP).then(({ pending }) => pending, noGroup)]),
  );
  return { destination, waiting: Math.max(0, length - unacknowledged), unacknowledged };
}

function noGroup(error: unknown): number {
  if (isReply(error, 'NOGROUP')) return 0;
  throw error;
}
