import { createArrived } from '../arrived.ts';
import {
  ANSWER_TIMEOUT_MS,
  type Queue,
  type QueueDepth,
  type QueueMessage,
  type QueueOptions,
} from '../queue.ts';
import { stayConnected } from '../stay-connected.ts';
import { closeConnection, cutConnection, openConnection, type RabbitConnection } from './connection.ts';
import { consume } from './consume.ts';
import { declareQueue, queueName } from './declare.ts';
import { createPublish, type Publish } from './publish.ts';

export type RabbitQueueOptions = QueueOptions & Readonly<{ url: string; prefix: string }>;

type Connected = RabbitConnection & Readonly<{ publish: Publish; held: Map<string, number> }>;

/** For declaring and consuming all queues: one that has no leader never answers. */
const SET_UP_TIMEOUT_MS = 15_000;

/** A queue on RabbitMQ: a quorum queue for each destination. Connects by itself, later too. */
export function openRabbitQueue(options: RabbitQueueOptions): Queue {
  const { clock, observer, destinations } = options;
  const nameOf = (destination: string) => queueName(options.prefix, destination);
  const arrived = createArrived();
  // Told that there is nothing, and so to be told when there is.
  const hungry = new Set<string>();
  let closing: Promise<void> | null = null;

  const announce = (destination: string) => {
    if (hungry.delete(destination)) observer.onArrival?.(destination);
  };
  const onMessage = (message: QueueMessage) => {
    arrived.put(message);
    announce(message.destination);
  };
  const link = stayConnected<Connected>({
    ...options,
    async open(lost) {
      const connection = await openConnection(options.url, lost);
      const held = new Map<string, number>();
      const stopTimer = clock.after(SET_UP_TIMEOUT_MS, () => cutConnection(connection));
      try {
        await Promise.all(
          destinations.map(({ name: destination, mostAtWork: prefetch }) => {
            const onHeld = (change: number) => held.set(destination, (held.get(destination) ?? 0) + change);
            const name = nameOf(destination);
            return consume({ connection, destination, name, prefetch, onMessage, onHeld });
          }),
        );
      } catch (error) {
        await closeConnection(connection, clock);
        arrived.empty();
        throw error;
      } finally {
        stopTimer();
      }
      return { ...connection, held, publish: createPublish(connection, nameOf, clock) };
    },
    onUp: () => {
      for (const destination of [...hungry]) announce(destination);
    },
    // The broker takes back what a lost connection held.
    onDown: () => void arrived.empty(),
    close: (connection) => closeConnection(connection, clock),
  });
  const connected = () => (closing === null ? link.current() : null);

  const readDepth = async ({ taking, held }: Connected, destination: string): Promise<QueueDepth> => {
    const { messageCount } = await declareQueue(taking, nameOf(destination));
    return { destination, waiting: messageCount, unacknowledged: held.get(destination) ?? 0 };
  };

  return {
    async publish(entries) {
      const connection = connected();
      if (connection === null) return { published: 0, dropped: entries.length };
      return connection.publish(entries);
    },
    async take(destination, limit) {
      const messages = connected() === null ? [] : arrived.takeUpTo(destination, limit);
      if (messages.length === 0) hungry.add(destination);
      return messages;
    },
    async depth() {
      const connection = connected();
      if (connection === null) return { kind: 'unknown' };
      const stopTimer = clock.after(ANSWER_TIMEOUT_MS, () => cutConnection(connection));
      try {
        const depths = destinations.map(({ name }) => readDepth(connection, name));
        return { kind: 'known', depths: await Promise.all(depths) };
      } catch {
        return { kind: 'unknown' };
      } finally {
        stopTimer();
      }
    },
    health: () => (closing === null ? link.health() : { ...link.health(), state: 'down' }),
    // The broker takes back what the connection held.
    close: () => (closing ??= link.close()),
  };
}
