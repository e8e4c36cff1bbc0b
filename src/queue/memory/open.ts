import type { Queue, QueueHealth, QueueMessage, QueueOptions } from '../queue.ts';
import type { BrokerMessage, MemoryBroker } from './broker.ts';

/** A process's queue on the model of a broker. `die` ends it without closing, as SIGKILL does. */
export function openMemoryQueue(broker: MemoryBroker, options: QueueOptions): Queue & { die(): void } {
  const { clock, observer } = options;
  let health: QueueHealth = { state: 'down', sinceMs: clock.nowMs() };
  let gone = false;
  // Destinations whose last answer was empty: each is announced once, as the port promises.
  const foundEmpty = new Set<string>();
  const held = new Set<string>();
  const isUp = () => !gone && broker.isUp;

  const client = {
    onArrival(destination: string) {
      if (foundEmpty.delete(destination)) observer.onArrival?.(destination);
    },
    onUp() {
      health = { state: 'up', sinceMs: clock.nowMs() };
      observer.onHealthy?.();
      for (const destination of [...foundEmpty]) client.onArrival(destination);
    },
    onDown() {
      health = { state: 'down', sinceMs: clock.nowMs() };
      observer.onTrouble?.(new Error('the broker went away'));
    },
  };
  const toMessage = createToMessage(broker, isUp);
  const leave = () => {
    gone = true;
    broker.leave(client);
    health = { state: 'down', sinceMs: clock.nowMs() };
  };
  broker.join(client);

  return {
    async publish(entries) {
      if (!isUp()) return { published: 0, dropped: entries.length };
      const published = entries.filter((entry) => broker.publish(entry, clock.nowMs())).length;
      return { published, dropped: entries.length - published };
    },
    async take(destination, limit) {
      if (held.has(destination)) return [];
      if (!isUp()) {
        foundEmpty.add(destination);
        return [];
      }
      const messages = broker.take(destination, limit, client).map(toMessage);
      if (messages.length === 0) foundEmpty.add(destination);
      return messages;
    },
    hold: (destination) => void held.add(destination),
    resume(destination) {
      held.delete(destination);
      observer.onArrival?.(destination);
    },
    async depth() {
      if (!isUp()) return { kind: 'unknown' };
      return { kind: 'known', depths: options.destinations.map(({ name }) => broker.depth(name)) };
    },
    health: () => health,
    close: async () => leave(),
    die: leave,
  };
}

function createToMessage(broker: MemoryBroker, isUp: () => boolean) {
  return (message: BrokerMessage): QueueMessage => ({
    destination: message.destination,
    deliveryId: message.deliveryId,
    publishedAtMs: message.publishedAtMs,
    ack: async () => {
      if (isUp()) broker.ack(message);
    },
    release: async () => {
      if (isUp()) broker.release(message);
    },
  });
}
