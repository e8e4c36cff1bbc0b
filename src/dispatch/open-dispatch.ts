import { type Delivery, deliveryIdOf } from '../domain/delivery.ts';
import type { Destination } from '../domain/destination.ts';
import type { RetryPolicy } from '../domain/retry-policy.ts';
import type { Emit } from '../events.ts';
import type { Handler } from '../handlers/handler.ts';
import type { OpenQueue } from '../queue/open-queue.ts';
import type { Queue } from '../queue/queue.ts';
import type { PreparedQueue } from '../queue/replaceable-queue.ts';
import { type Clock, monotonicMs } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import type { Service } from '../runtime/service.ts';
import { createSignal } from '../runtime/signal.ts';
import type { Store } from '../store/store.ts';
import type { Tracing } from '../trace/tracing.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import { createClockWatch } from './clock-watch.ts';
import { createDestinationKeeper } from './destination-keeper.ts';
import type { DestinationStates } from './destination-states.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import type { IsUnreadable } from './execute-attempt.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createProber } from './prober.ts';
import { openQueueing, type Queueing, queuedDestinations } from './queueing.ts';
import { createRateShare } from './rate-share.ts';
import { createReaper } from './reaper.ts';
import type { OpenHandlerLog } from './report-attempt.ts';

export type DispatchParts = Readonly<{
  store: Store;
  destinations: readonly Destination[];
  handlers: ReadonlyMap<string, Handler>;
  /** Opens the queue beside the store; null without one. */
  openQueue: OpenQueue | null;
  /** Most deliveries at work at once. */
  workerCount: number;
  /** For deliveries of destinations that are no longer configured. */
  retry: RetryPolicy;
  clock: Clock;
  random: Random;
  newId: IdGenerator;
  emit: Emit;
  isUnreadable: IsUnreadable;
  /** Which destinations are held, limited or tripped. */
  states: DestinationStates;
  tracing?: Pick<Tracing, 'attempt' | 'idsByName'>;
  openHandlerLog?: OpenHandlerLog;
  /** Takes each handler that `use` has replaced, once its last attempt has ended. */
  onUnused?: (handler: Handler) => void;
  /** How long a claim holds without a heartbeat. */
  leaseMs?: number;
}>;

/** From a committed event to settled deliveries: through a queue if there is one, else straight from the store. */
export type Dispatch = Readonly<{
  /** The event's commit is durable, with one pending delivery for each of the destinations. */
  onAccepted(eventId: string, destinations: readonly string[]): void;
  /** A delivery became due: it was replayed, or it has the turn of its order key. */
  onPending(delivery: Pick<Delivery, 'id' | 'destination'>): void;
  /** The store may have work that this process did not submit. */
  onDue(): void;
  /** Takes back what an earlier process had leased. Does nothing on a shared store, where others may be at work. */
  reclaim(): Promise<void>;
  /** Connects with the queue for other destinations, if there is a queue. */
  prepare(destinations: readonly Destination[]): Promise<PreparedDispatch>;
  /** Replaces the destinations in one step; see Dispatcher. */
  use(prepared: PreparedDispatch, handlers: ReadonlyMap<string, Handler>): void;
  /** Ends what was prepared and is not to take effect. */
  discard(prepared: PreparedDispatch): Promise<void>;
  /** Those of the configuration in effect. */
  destinations(): readonly Destination[];
  /** Marks what waits for a destination that has just been closed. */
  markPending(destination: string): Promise<void>;
  /** Begins to claim. */
  start(): void;
  /** Claims no more and drains, for `graceMs`; see Dispatcher. */
  stop(graceMs: number): Promise<void>;
  /** What works beside the dispatcher: heartbeat, reaper, clock watch and, with a queue, the sweeper. */
  services: readonly Service[];
  queue: Pick<Queue, 'health' | 'depth'> | null;
  /** One sentence for each fault that does not keep the receiver from its work. */
  degradations(): readonly string[];
  /** Closes the connection with the queue, once nothing uses it any more. */
  close(): Promise<void>;
}>;

/** Destinations that are ready to take effect. */
export type PreparedDispatch = Readonly<{
  destinations: readonly Destination[];
  queue: PreparedQueue | null;
}>;

const LEASE_MS = 30_000;

export function openDispatch(parts: DispatchParts): Dispatch {
  const { store, clock, states, leaseMs = LEASE_MS } = parts;
  let { destinations } = parts;
  const core = { ...parts, leaseMs };
  // The queue reports arrivals as soon as it is connected, which may be before the dispatcher exists.
  const arrival = createSignal<[destination?: string]>();
  const queueing = openQueueing({ ...core, onArrival: arrival.raise });
  const breaker: Breaker = createBreaker(core);
  const rateShare = createRateShare(store, clock);
  const dispatcher = createDispatcher({
    ...core,
    breaker,
    rateShare: rateShare.share,
    ...(queueing !== null && { source: queueing.source }),
  });
  states.onChange(dispatcher.wake);
  arrival.listen(dispatcher.wake);
  const inEffect = { ...core, dispatcher, destinations: () => destinations };
  const reaper = createReaper({ ...inEffect, defaultRetry: parts.retry });
  const heartbeat = createHeartbeat({ ...core, dispatcher });
  const prober = createProber({ ...core, dispatcher });
  const keeper = createDestinationKeeper({ ...inEffect, prober, rateShare });
  const clockWatch = createClockWatch({ ...inEffect, monotonicMs });
  return {
    ...createNotifiers(dispatcher, queueing),
    async reclaim() {
      if (store.exclusive) await reaper.reclaimAll();
    },
    async prepare(next) {
      const queued = queuedDestinations(next, parts.workerCount);
      return { destinations: next, queue: (await queueing?.queue.prepare(queued)) ?? null };
    },
    use(prepared, handlers) {
      destinations = prepared.destinations;
      if (prepared.queue !== null) queueing?.queue.use(prepared.queue);
      dispatcher.use(destinations, handlers);
    },
    async discard({ queue }) {
      if (queue !== null) await queueing?.queue.discard(queue);
    },
    destinations: () => destinations,
    markPending: keeper.markPending,
    start: dispatcher.start,
    stop: dispatcher.stop,
    services: [heartbeat, reaper, clockWatch, keeper, ...(queueing === null ? [] : [queueing.sweeper])],
    queue: queueing?.queue ?? null,
    degradations: () => queueing?.degradations() ?? [],
    close: async () => queueing?.close(),
  };
}

/** New work wakes this process's dispatcher or, with a queue that is up, is published for whichever process is free. */
function createNotifiers(
  dispatcher: Dispatcher,
  queueing: Queueing | null,
): Pick<Dispatch, 'onAccepted' | 'onPending' | 'onDue'> {
  return {
    onAccepted(eventId, destinations) {
      if (destinations.length === 0) return;
      if (queueing === null || !queueing.isUp()) return dispatcher.wakeFor(destinations);
      queueing.publisher.publish(
        destinations.map((destination, at) => ({ destination, deliveryId: deliveryIdOf(eventId, at + 1) })),
      );
    },
    onPending({ id, destination }) {
      if (queueing === null || !queueing.isUp()) return dispatcher.wake(destination);
      queueing.publisher.publish([{ destination, deliveryId: id }]);
    },
    onDue() {
      // With a queue that is up, the process that stored the work publishes it.
      if (queueing === null || !queueing.isUp()) dispatcher.wake();
    },
  };
}
