import type { QueueMessage } from './queue.ts';

/** Messages that the broker has delivered to this process and that were not taken yet. */
export type Arrived = Readonly<{
  put(message: QueueMessage): void;
  takeUpTo(destination: string, limit: number): QueueMessage[];
  count(destination: string): number;
  /** Gives back the messages of a destination. */
  release(destination: string): void;
  /** Forgets the messages of every destination. */
  empty(): void;
}>;

/** Keeps messages by destination, in the order of their arrival. The drivers bound how many there are. */
export function createArrived(): Arrived {
  const byDestination = new Map<string, QueueMessage[]>();
  const listOf = (destination: string) => byDestination.get(destination) ?? [];
  return {
    put(message) {
      const list = byDestination.get(message.destination);
      if (list === undefined) byDestination.set(message.destination, [message]);
      else list.push(message);
    },
    takeUpTo: (destination, limit) => listOf(destination).splice(0, limit),
    count: (destination) => listOf(destination).length,
    release(destination) {
      const all = listOf(destination);
      byDestination.delete(destination);
      for (const message of all) void message.release();
    },
    empty: () => byDestination.clear(),
  };
}
