import type { Config } from '../config/config.ts';
import { type Delivery, deliveryIdOf } from '../domain/delivery.ts';
import type { Emit } from '../events.ts';
import type { Handler } from '../handlers/handler.ts';
import type { Queue } from '../queue/queue.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import type { Service } from '../runtime/service.ts';
import type { Store } from '../store/store.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { createHeartbeat } from './heartbeat.ts';
import { openQueueing, type Queueing } from './queueing.ts';
import { createReaper } from './reaper.ts';

export type DeliveringParts = Readonly<{
  config: Config;
  store: Store;
  handlers: ReadonlyMap<string, Handler>;
  clock: Clock;
  random: Random;
  newId: IdGenerator;
  emit: Emit;
  /** How long a claim holds without a heartbeat. */
  leaseMs?: number;
}>;

/** From a committed event to settled deliveries: through a queue if there is one, else straight from the store. */
export type Delivering = Readonly<{
  /** The event's commit is durable, with one pending delivery for each of the destinations. */
  onAccepted(eventId: string, destinations: readonly string[]): void;
  /** A delivery became due: a replay, or one whose turn has come. */
  onPending(delivery: Pick<Delivery, 'id' | 'destination'>): void;
  /** The store may have work that this process did not submit. */
  onDue(): void;
  dispatcher: Dispatcher;
  services: readonly Service[];
  queue: Pick<Queue, 'health' | 'depth'> | null;
  /** What is in trouble without keeping the receiver from its work, in words. */
  degradations(): readonly string[];
  /** Takes back what a process before this one had leased, if it is certain that nobody works at it. */
  reclaim(): Promise<void>;
  /** Ends the connection with the queue, when nothing uses it any more. */
  close(): Promise<void>;
}>;

const LEASE_MS = 30_000;

export function openDelivering(parts: DeliveringParts): Delivering {
  const { config, store, leaseMs = LEASE_MS } = parts;
  const { destinations, workerCount } = config;
  const core = { ...parts, destinations, leaseMs };
  // The queue tells of arrivals as soon as it is connected, which may be before there is a dispatcher.
  let wake: Dispatcher['wake'] = () => {};
  const queueing = openQueueing({ ...core, wake: (destination) => wake(destination) });
  const dispatcher = createDispatcher({
    ...core,
    ...(queueing !== null && { source: queueing.source }),
    workerCount,
  });
  wake = dispatcher.wake;
  const reaper = createReaper({ ...core, dispatcher, defaultRetry: config.retry });
  return {
    ...notifiers(dispatcher, queueing),
    dispatcher,
    services: [
      createHeartbeat({ ...core, dispatcher }),
      reaper,
      ...(queueing === null ? [] : [queueing.sweeper]),
    ],
    queue: queueing?.queue ?? null,
    degradations: () => queueing?.degradations() ?? [],
    async reclaim() {
      // Others may be at work on a store that is shared.
      if (store.exclusive) await reaper.reclaimAll();
    },
    close: async () => queueing?.close(),
  };
}

/** Who hears of new work: the dispatcher here, or whichever process takes the message. */
function notifiers(
  dispatcher: Dispatcher,
  queueing: Queueing | null,
): Pick<Delivering, 'onAccepted' | 'onPending' | 'onDue'> {
  return {
    onAccepted(eventId, destinations) {
      if (destinations.length === 0) return;
      if (queueing === null || !queueing.isUp()) return dispatcher.wake();
      queueing.publisher.publish(
        destinations.map((destination, at) => ({ destination, deliveryId: deliveryIdOf(eventId, at + 1) })),
      );
    },
    onPending({ id, destination }) {
      if (queueing === null || !queueing.isUp()) return dispatcher.wake();
      queueing.publisher.publish([{ destination, deliveryId: id }]);
    },
    onDue() {
      // With a queue that is up, whoever stored the work publishes it, and asking the queue would bring nothing.
      if (queueing === null || !queueing.isUp()) dispatcher.wake();
    },
  };
}
