import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

/** What a queue carries: a delivery id, and the destination whose queue it goes through. */
export type QueueEntry = Readonly<{ destination: string; deliveryId: string }>;

/** Dropped entries are still pending in the store: the sweep publishes them again. */
export type PublishOutcome = Readonly<{ published: number; dropped: number }>;

/** An entry that this process holds until it acks or releases it, or dies. Neither function rejects. */
export type QueueMessage = QueueEntry &
  Readonly<{
    /** By the clock of the process that published it. */
    publishedAtMs: number;
    /** Removes the entry. If the broker is away, it is delivered again and then has no effect. */
    ack(): Promise<void>;
    /** Makes the entry available to every process again. */
    release(): Promise<void>;
  }>;

export type QueueDepth = Readonly<{
  destination: string;
  /** In the broker and not taken. */
  waiting: number;
  /** Taken and not acked: by all processes on Redis, by this process on RabbitMQ. */
  unacknowledged: number;
}>;

export type DepthReading =
  | Readonly<{ kind: 'known'; depths: readonly QueueDepth[] }>
  | Readonly<{ kind: 'unknown' }>;

export type QueueHealth = Readonly<{ state: 'up' | 'down'; sinceMs: number }>;

/**
 * The queue's port: one queue for each destination, so that a slow destination delays no other. It carries delivery ids
 * and may lose, repeat and reorder them, because the store alone decides what is due. No method rejects.
 */
export interface Queue {
  /** Resolves once the broker has confirmed each entry or refused it. While it is away, all entries are dropped at once. */
  publish(entries: readonly QueueEntry[]): Promise<PublishOutcome>;
  /**
   * Takes up to `limit` messages that are available now. After an empty answer `onArrival` is called for the
   * destination as soon as there may be messages.
   */
  take(destination: string, limit: number): Promise<readonly QueueMessage[]>;
  /**
   * Reads nothing of the destination from now on, also on later connections: what has arrived and is not taken goes back to
   * the broker, and `take` finds nothing. What is taken stays until it is acked or released.
   */
  hold(destination: string): void;
  /** Ends that; `onArrival` is called for the destination. */
  resume(destination: string): void;
  /** Asks the broker for the depth of each destination; `unknown` while it is away. */
  depth(): Promise<DepthReading>;
  health(): QueueHealth;
  /** Releases the messages that are held, and ends the connections. */
  close(): Promise<void>;
}

export type QueueObserver = Readonly<{
  onArrival?: (destination: string) => void;
  /** The connection was lost or could not be made. */
  onTrouble?: (error: Error) => void;
  onHealthy?: () => void;
}>;

export type QueueOptions = Readonly<{
  /** `mostAtWork`: most deliveries of the destination that this process works on at once. */
  destinations: readonly Readonly<{ name: string; mostAtWork: number }>[];
  /** Redis cannot see that a process died: other processes take its messages over once they are idle for so long. */
  idleMs: number;
  clock: Clock;
  random: Random;
  /** This process's name as a consumer; never used twice. */
  consumer: string;
  observer: QueueObserver;
}>;

/** Most entries that wait in the broker for a destination; more are dropped. */
export const MAX_WAITING = 100_000;

/** How long a broker may take to answer before it counts as away. */
export const ANSWER_TIMEOUT_MS = 5_000;
