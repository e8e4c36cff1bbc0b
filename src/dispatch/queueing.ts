import type { Destination } from '../domain/destination.ts';
import type { Emit } from '../events.ts';
import type { OpenQueue } from '../queue/open-queue.ts';
import type { Queue, QueueOptions } from '../queue/queue.ts';
import { createReplaceableQueue, type ReplaceableQueue } from '../queue/replaceable-queue.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import type { Service } from '../runtime/service.ts';
import type { Store } from '../store/store.ts';
import type { DestinationStates } from './destination-states.ts';
import { createPassTurns } from './pass-turns.ts';
import { mostAtWork } from './plan-claims.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { createQueueSource, type QueueSource } from './queue-source.ts';
import { createSweeper } from './sweeper.ts';

export type QueueingParts = Readonly<{
  /** Opens the queue beside the store; null without one. */
  openQueue: OpenQueue | null;
  destinations: readonly Destination[];
  workerCount: number;
  store: Store;
  states: Pick<DestinationStates, 'isClosed' | 'all' | 'onChange'>;
  leaseMs: number;
  clock: Clock;
  random: Random;
  newId: IdGenerator;
  emit: Emit;
  /** There may be work for one destination or, without a name, for any. */
  onArrival: (destination?: string) => void;
}>;

/** The queue, and the parts between it and the store. */
export type Queueing = Readonly<{
  queue: ReplaceableQueue;
  publisher: Publisher;
  source: QueueSource;
  sweeper: Service;
  /** Whether messages announce work. While they do not, work is claimed from the store. */
  isUp(): boolean;
  /** One sentence for each fault; empty without faults. */
  degradations(): readonly string[];
  close(): Promise<void>;
}>;

/** A message's taker counts as dead after this many lease lengths without a sign of it. */
const IDLE_LEASES = 2;

/** Opens the queue. @returns null without one */
export function openQueueing(parts: QueueingParts): Queueing | null {
  const { store, clock, emit } = parts;
  const queue = connect(parts);
  if (queue === null) return null;
  readOpenOnes(queue, parts.states);
  const publisher = createPublisher({ queue, clock, emit, isClosed: parts.states.isClosed });
  const passTurns = createPassTurns({ store, publisher, clock, emit });
  const source = createQueueSource({ queue, store, publisher, passTurns });
  return {
    queue,
    publisher,
    source,
    sweeper: createSweeper({ queue, store, source, clock, emit, isClosed: parts.states.isClosed }),
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

/** Nothing of a destination that is held or tripped is read; a probe is claimed from the store. */
function readOpenOnes(queue: Queue, states: QueueingParts['states']): void {
  const follow = (destination: string) =>
    states.isClosed(destination) ? queue.hold(destination) : queue.resume(destination);
  for (const { destination } of states.all()) follow(destination);
  states.onChange(follow);
}

/** What a queue has to know of the destinations. */
export function queuedDestinations(
  destinations: readonly Destination[],
  workerCount: number,
): QueueOptions['destinations'] {
  return destinations.map(({ name }) => ({ name, mostAtWork: mostAtWork(destinations, name, workerCount) }));
}

function connect(parts: QueueingParts): ReplaceableQueue | null {
  const { openQueue, destinations, workerCount, clock, random, newId, emit, onArrival } = parts;
  if (openQueue === null) return null;
  const idleMs = IDLE_LEASES * parts.leaseMs;
  return createReplaceableQueue({
    open: (named, observer) =>
      openQueue({
        ...{ destinations: named, idleMs, clock, random, observer },
        consumer: newId(clock.nowMs()),
      }),
    destinations: queuedDestinations(destinations, workerCount),
    clock,
    observer: {
      onArrival,
      onHealthy: () => {
        emit({ type: 'queue.connected' });
        onArrival();
      },
      onTrouble: (error) => {
        emit({ type: 'queue.failed', error });
        onArrival();
      },
    },
  });
}
