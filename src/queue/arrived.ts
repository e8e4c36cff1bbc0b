import type { QueueMessage } from './queue.ts';

/** Messages that the broker has handed to this process and that nobody here has asked for yet. */
export type Arrived = Readonly<{
  put(message: QueueMessage): void;
  takeUpTo(destination: string, limit: number): QueueMessage[];
  count(destination: string): number;
  /** Takes out all of all destinations. */
  empty(): QueueMessage[];
}>;

/** Keeps them by destination, in the order in which they came. Whoever puts bounds how many. */
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
    empty() {
      const all = [...byDestination.values()].flat();
      byDestination.clear();
      return all;
    },
  };
}
