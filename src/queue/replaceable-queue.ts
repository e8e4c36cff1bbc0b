import { isDeepStrictEqual } from 'node:util';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { Queue, QueueObserver, QueueOptions } from './queue.ts';

type Destinations = QueueOptions['destinations'];

/** A queue that is connected for other destinations. */
export type PreparedQueue = Readonly<{
  destinations: Destinations;
  queue: Queue;
  /** Aborts once it is connected. */
  up: AbortSignal;
}>;

/** A queue whose destinations can be replaced while it works. */
export type ReplaceableQueue = Queue &
  Readonly<{
    /** Connects for other destinations, beside the connection in use; waits for it for CONNECT_WAIT_MS at most. */
    prepare(destinations: Destinations): Promise<PreparedQueue>;
    /**
     * From now on uses what was prepared. The earlier connection gives back the messages that it holds: those of
     * deliveries at work find nothing to claim, all others are taken again.
     */
    use(prepared: PreparedQueue): void;
    /** Ends what was prepared and is not to be used. */
    discard(prepared: PreparedQueue): Promise<void>;
  }>;

/** How long a replacement waits for its connection. After that it connects on in the background, as at a start. */
export const CONNECT_WAIT_MS = 5_000;

export type ReplaceableParts = Readonly<{
  /** Opens a queue of its own, with a consumer's name of its own. */
  open: (destinations: Destinations, observer: QueueObserver) => Queue;
  destinations: Destinations;
  observer: QueueObserver;
  clock: Clock;
}>;

export function createReplaceableQueue(parts: ReplaceableParts): ReplaceableQueue {
  const { clock, observer } = parts;
  const endings = new Set<Promise<void>>();
  /** The one in use, and those that are prepared. */
  const opened = new Set<Queue>();
  const held = new Set<string>();
  // Until the first one is open there is no other that could speak.
  let used: AbortSignal | null = null;

  const connect = (destinations: Destinations): PreparedQueue => {
    const up = new AbortController();
    const isUsed = () => used === null || used === up.signal;
    const queue = parts.open(destinations, {
      onArrival: (destination) => void (isUsed() && observer.onArrival?.(destination)),
      onTrouble: (error) => void (isUsed() && observer.onTrouble?.(error)),
      onHealthy() {
        up.abort();
        if (isUsed()) observer.onHealthy?.();
      },
    });
    for (const destination of held) queue.hold(destination);
    opened.add(queue);
    return { destinations, queue, up: up.signal };
  };
  const end = (queue: Queue) => {
    opened.delete(queue);
    const ending = queue.close().finally(() => endings.delete(ending));
    endings.add(ending);
    return ending;
  };
  let current = connect(parts.destinations);
  used = current.up;

  return {
    publish: (entries) => current.queue.publish(entries),
    take: (destination, limit) => current.queue.take(destination, limit),
    hold(destination) {
      if (held.has(destination)) return;
      held.add(destination);
      for (const queue of opened) queue.hold(destination);
    },
    resume(destination) {
      if (!held.delete(destination)) return;
      for (const queue of opened) queue.resume(destination);
    },
    depth: () => current.queue.depth(),
    health: () => current.queue.health(),
    async prepare(destinations) {
      if (isDeepStrictEqual(destinations, current.destinations)) return current;
      const next = connect(destinations);
      // A broker that is away keeps no change from taking effect.
      if (current.queue.health().state === 'up') await sleep(clock, CONNECT_WAIT_MS, next.up);
      return next;
    },
    use(prepared) {
      if (prepared === current) return;
      const earlier = current;
      current = prepared;
      used = prepared.up;
      void end(earlier.queue);
    },
    async discard(prepared) {
      if (prepared !== current) await end(prepared.queue);
    },
    async close() {
      await Promise.all([end(current.queue), ...endings]);
    },
  };
}
