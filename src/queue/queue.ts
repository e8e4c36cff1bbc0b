import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

/** One delivery and the destination whose queue it goes through. All that a queue carries. */
export type QueueEntry = Readonly<{ destination: string; deliveryId: string }>;

/** Dropped entries are still pending in the store: the sweep publishes them again. */
export type PublishOutcome = Readonly<{ published: number; dropped: number }>;

/** An entry that is this process's until it is acked or released, or the process dies. Neither ever rejects. */
export type QueueMessage = QueueEntry &
  Readonly<{
    /** By the clock of whoever published it. */
    publishedAtMs: number;
    /** It is done with. If the broker is away it comes again, and then does nothing. */
    ack(): Promise<void>;
    /** Gives it to whoever takes next. */
    release(): Promise<void>;
  }>;

export type QueueDepth = Readonly<{
  destination: string;
  /** In the broker, taken by nobody. */
  waiting: number;
  /** Taken and not acked; of other processes too if the broker tells (RabbitMQ does not). */
  unacknowledged: number;
}>;

export type DepthReading =
  | Readonly<{ kind: 'known'; depths: readonly QueueDepth[] }>
  | Readonly<{ kind: 'unknown' }>;

export type QueueHealth = Readonly<{ state: 'up' | 'down'; sinceMs: number }>;

/**
 * The queue's port: a queue for each destination, so that a slow one holds up no other. It carries delivery ids and
 * may lose, repeat and reorder them: the store alone knows what is to be done. So nothing here ever rejects.
 */
export interface Queue {
  /** Resolves once the broker has what it did not drop. While the broker is away everything is dropped at once. */
  publish(entries: readonly QueueEntry[]): Promise<PublishOutcome>;
  /**
   * Takes up to `limit` messages that are there now. An empty answer is followed by `onArrival` for the destination
   * as soon as there may be something.
   */
  take(destination: string, limit: number): Promise<readonly QueueMessage[]>;
  /** One bounded question for each destination; `unknown` while the broker is away. */
  depth(): Promise<DepthReading>;
  health(): QueueHealth;
  /** Gives back what is taken, and ends the connections. */
  close(): Promise<void>;
}

export type QueueObserver = Readonly<{
  onArrival?: (destination: string) => void;
  /** The connection was lost, or could not be made. */
  onTrouble?: (error: Error) => void;
  onHealthy?: () => void;
}>;

export type QueueOptions = Readonly<{
  /** `mostAtWork`: most deliveries of it that this process works on at once. */
  destinations: readonly Readonly<{ name: string; mostAtWork: number }>[];
  /** Where a broker cannot see that a taker died: after so long without a sign of it others get its messages. */
  idleMs: number;
  clock: Clock;
  random: Random;
  /** Names this process among the takers; unique for ever. */
  consumer: string;
  observer: QueueObserver;
}>;

/** Most entries that wait in the broker for a destination; what is published beyond is dropped. */
export const MAX_WAITING = 100_000;

/** How long a broker may take to answer before it counts as away. */
export const ANSWER_TIMEOUT_MS = 5_000;
