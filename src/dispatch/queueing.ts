import type { Config } from '../config/config.ts';
import type { Emit } from '../events.ts';
import { openQueue } from '../queue/open-queue.ts';
import type { Queue } from '../queue/queue.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import type { Service } from '../runtime/service.ts';
import type { Store } from '../store/store.ts';
import { createPassTurns } from './pass-turns.ts';
import { mostAtWork } from './plan-claims.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { createQueueSource, type QueueSource } from './queue-source.ts';
import { createSweeper } from './sweeper.ts';

export type QueueingParts = Readonly<{
  config: Pick<Config, 'queueUrl' | 'destinations' | 'workerCount'>;
  store: Store;
  leaseMs: number;
  clock: Clock;
  random: Random;
  newId: IdGenerator;
  emit: Emit;
  /** There may be work, of one destination or of any. */
  wake: (destination?: string) => void;
}>;

/** The queue and what works between it and the store. */
export type Queueing = Readonly<{
  queue: Queue;
  publisher: Publisher;
  source: QueueSource;
  sweeper: Service;
  /** Whether messages tell of work. While they do not, it is taken from the store. */
  isUp(): boolean;
  /** What is in trouble, in words; empty when nothing is. */
  degradations(): readonly string[];
  close(): Promise<void>;
}>;

/** A message's taker counts as dead when its lease has run out for certain. */
const IDLE_LEASES = 2;

/** Opens the queue that the configuration asks for, or null. */
export function openQueueing(parts: QueueingParts): Queueing | null {
  const { store, clock, emit } = parts;
  const queue = connect(parts);
  if (queue === null) return null;
  const publisher = createPublisher({ queue, clock, emit });
  const passTurns = createPassTurns({ store, publisher, clock, emit });
  const source = createQueueSource({ queue, store, publisher, passTurns });
  return {
    queue,
    publisher,
    source,
    sweeper: createSweeper({ queue, store, source, clock, emit }),
    isUp: () => queue.health().state === 'up',
    degradations() {
      const { state, sinceMs } = queue.health();
      if (state === 'up') return [];
      const seconds = Math.round((clock.nowMs() - sinceMs) / 1000);
      return [`the queue is away for ${seconds} s: deliveries are claimed from the store`];
    },
    async close() {
      await publisher.stop();
      await queue.close();
    },
  };
}

function connect({ config, leaseMs, clock, random, newId, emit, wake }: QueueingParts): Queue | null {
  const destinationSlots = config.destinations.map(({ name, concurrency }) => ({
    destination: name,
    concurrency,
  }));
  return openQueue(config.queueUrl, {
    destinations: destinationSlots.map(({ destination }) => ({
      name: destination,
      mostAtWork: mostAtWork(destinationSlots, destination, config.workerCount),
    })),
    idleMs: IDLE_LEASES * leaseMs,
    clock,
    random,
    consumer: newId(clock.nowMs()),
    observer: {
      onArrival: wake,
      onHealthy: () => {
        emit({ type: 'queue.connected' });
        wake();
      },
      onTrouble: (error) => {
        emit({ type: 'queue.failed', error });
        wake();
      },
    },
  });
}
