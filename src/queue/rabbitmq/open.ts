import type { Clock } from '../../runtime/clock.ts';
import { createArrived } from '../arrived.ts';
import {
  ANSWER_TIMEOUT_MS,
  type DepthReading,
  type Queue,
  type QueueDepth,
  type QueueMessage,
  type QueueOptions,
} from '../queue.ts';
import { stayConnected } from '../stay-connected.ts';
import { closeConnection, cutConnection, openConnection, type RabbitConnection } from './connection.ts';
import { type Consumer, consume } from './consume.ts';
import { declareQueue, queueName } from './declare.ts';
import { keepProbing, probe } from './probe.ts';
import { createPublish, type Publish } from './publish.ts';

export type RabbitQueueOptions = QueueOptions & Readonly<{ url: string; prefix: string }>;

type Connected = RabbitConnection &
  Readonly<{
    publish: Publish;
    /** How many messages of a destination are delivered, and neither acked nor released. */
    unacknowledged: Map<string, number>;
    consumers: ReadonlyMap<string, Consumer>;
    ended: AbortController;
  }>;

/** Time for declaring and consuming every queue: a queue without a leader never answers. */
const SET_UP_TIMEOUT_MS = 15_000;

/** A queue on RabbitMQ: a quorum queue for each destination. It connects by itself, and again after each loss. */
export function openRabbitQueue(options: RabbitQueueOptions): Queue {
  const { clock, observer, destinations } = options;
  const nameOf = (destination: string) => queueName(options.prefix, destination);
  // Queues have a dot behind the prefix.
  const probeKey = `${options.prefix}!probe`;
  const arrived = createArrived();
  // Destinations whose last answer was empty: the next arrival is announced.
  const foundEmpty = new Set<string>();

  const announce = (destination: string) => {
    if (foundEmpty.delete(destination)) observer.onArrival?.(destination);
  };
  const held = new Set<string>();
  const onMessage = (message: QueueMessage) => {
    arrived.put(message);
    announce(message.destination);
  };
  const link = stayConnected<Connected>({
    ...options,
    open: (lost, stopping) =>
      openAll({ ...options, nameOf, probeKey, onMessage, held }, lost, stopping).catch((error: unknown) => {
        arrived.empty();
        throw error;
      }),
    onUp: (connection) => {
      keepProbing(connection, probeKey, clock, connection.ended.signal).catch(connection.lost);
      // They may have been held or resumed while it was made.
      for (const [name, consumer] of connection.consumers) consumer[held.has(name) ? 'hold' : 'resume']();
      for (const destination of [...foundEmpty]) announce(destination);
    },
    // The broker takes back what a lost connection held.
    onDown: () => arrived.empty(),
    close: (connection) => {
      connection.ended.abort();
      return closeConnection(connection, clock);
    },
  });
  let closing: Promise<void> | null = null;
  const connected = () => (closing === null ? link.current() : null);

  return {
    async publish(entries) {
      const connection = connected();
      return connection === null ? { published: 0, dropped: entries.length } : connection.publish(entries);
    },
    async take(destination, limit) {
      if (held.has(destination)) return [];
      const messages = connected() === null ? [] : arrived.takeUpTo(destination, limit);
      if (messages.length === 0) foundEmpty.add(destination);
      return messages;
    },
    hold(destination) {
      held.add(destination);
      arrived.release(destination);
      connected()?.consumers.get(destination)?.hold();
    },
    resume(destination) {
      held.delete(destination);
      connected()?.consumers.get(destination)?.resume();
      observer.onArrival?.(destination);
    },
    async depth() {
      const connection = connected();
      return connection === null ? { kind: 'unknown' } : readDepths(connection, destinations, nameOf, clock);
    },
    health: () => (closing === null ? link.health() : { ...link.health(), state: 'down' }),
    // The broker takes back what the connection held.
    close: () => (closing ??= link.close()),
  };
}

/** Connects, and declares and consumes every queue. */
async function openAll(
  parts: Omit<SetUpParts, 'connection'> & Pick<RabbitQueueOptions, 'url' | 'observer'> & { probeKey: string },
  lost: (error: Error) => void,
  stopping: AbortSignal,
): Promise<Connected> {
  const { url, observer, probeKey, clock } = parts;
  let isOpen = false;
  const onBlocked = (error: Error) => (isOpen ? lost(error) : observer.onTrouble?.(error));
  const connection = await openConnection(url, lost, onBlocked);
  const stop = () => cutConnection(connection);
  stopping.addEventListener('abort', stop, { once: true });
  try {
    await probe(connection, probeKey, clock);
    const connected = await setUp({ ...parts, connection });
    isOpen = true;
    return connected;
  } catch (error) {
    await closeConnection(connection, clock);
    throw error;
  } finally {
    stopping.removeEventListener('abort', stop);
  }
}

type SetUpParts = Pick<QueueOptions, 'destinations' | 'clock'> &
  Readonly<{
    connection: RabbitConnection;
    nameOf: (destination: string) => string;
    onMessage: (message: QueueMessage) => void;
    /** Destinations of which nothing is to be read. */
    held: ReadonlySet<string>;
  }>;

/** Declares every queue and consumes those that this process takes from. */
async function setUp(parts: SetUpParts): Promise<Connected> {
  const { connection, destinations, nameOf, onMessage, held, clock } = parts;
  const unacknowledged = new Map<string, number>();
  const consumers = new Map<string, Consumer>();
  const stopTimer = clock.after(SET_UP_TIMEOUT_MS, () => cutConnection(connection));
  try {
    await Promise.all(
      destinations.map(async ({ name: destination, mostAtWork: prefetch }) => {
        const onHeld = (change: number) =>
          unacknowledged.set(destination, (unacknowledged.get(destination) ?? 0) + change);
        const name = nameOf(destination);
        const parts = { connection, destination, name, prefetch, onMessage, onHeld };
        consumers.set(destination, await consume(parts, held.has(destination)));
      }),
    );
  } finally {
    stopTimer();
  }
  const publish = createPublish(connection, nameOf, clock);
  return { ...connection, unacknowledged, consumers, publish, ended: new AbortController() };
}

/** Asks for the depth of every queue. If that takes longer than ANSWER_TIMEOUT_MS, cuts the connection. */
async function readDepths(
  connection: Connected,
  destinations: QueueOptions['destinations'],
  nameOf: (destination: string) => string,
  clock: Clock,
): Promise<DepthReading> {
  const readOne = async (destination: string): Promise<QueueDepth> => {
    const { messageCount } = await declareQueue(connection.taking, nameOf(destination));
    return {
      destination,
      waiting: messageCount,
      unacknowledged: connection.unacknowledged.get(destination) ?? 0,
    };
  };
  const stopTimer = clock.after(ANSWER_TIMEOUT_MS, () => cutConnection(connection));
  try {
    return { kind: 'known', depths: await Promise.all(destinations.map(({ name }) => readOne(name))) };
  } catch {
    return { kind: 'unknown' };
  } finally {
    stopTimer();
  }
}
