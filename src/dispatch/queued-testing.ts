import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { deliveryIdOf } from '../domain/delivery.ts';
import { MemoryBroker } from '../queue/memory/broker.ts';
import { openMemoryQueue } from '../queue/memory/open.ts';
import { createDispatcher } from './dispatcher.ts';
import { createPassTurns } from './pass-turns.ts';
import { createPublisher } from './publisher.ts';
import { createQueueSource } from './queue-source.ts';
import { createSweeper } from './sweeper.ts';
import { aDestination, createManualHandler, LEASE_MS, openDispatch, turns } from './testing.ts';

export const BILLING = aDestination({ name: 'billing' });
export const AUDIT = aDestination({ name: 'audit' });

let consumers = 0;

/** A dispatcher that takes from a queue on a model broker, with all that goes with it. */
export function openQueued(broker = new MemoryBroker(), options: { workerCount?: number } = {}) {
  const handler = createManualHandler();
  const handlers = { billing: handler, audit: handler };
  const base = openDispatch([BILLING, AUDIT], handlers);
  const { clock, store, recorder } = base;
  // It is connected, and says so, before there is a dispatcher.
  let wake = (_destination?: string) => {};
  const queue = openMemoryQueue(broker, {
    destinations: [BILLING, AUDIT].map(({ name }) => ({ name, mostAtWork: 10 })),
    idleMs: 2 * LEASE_MS,
    clock,
    random: createSeededRandom(1),
    consumer: `consumer-${++consumers}`,
    observer: {
      onArrival: (destination) => wake(destination),
      onTrouble: () => wake(),
      onHealthy: () => wake(),
    },
  });
  const publisher = createPublisher({ queue, clock, emit: recorder.emit });
  const passTurns = createPassTurns({ store, publisher, clock, emit: recorder.emit });
  const source = createQueueSource({ queue, store, publisher, passTurns });
  const dispatcher = createDispatcher({
    store,
    source,
    destinations: [BILLING, AUDIT],
    handlers: new Map(Object.entries(handlers)),
    clock,
    random: createSeededRandom(1),
    newId: (nowMs) => `token-${nowMs}-${++consumers}`,
    emit: recorder.emit,
    workerCount: options.workerCount ?? 10,
    leaseMs: LEASE_MS,
  });
  wake = dispatcher.wake;
  const sweeper = createSweeper({ queue, store, source, clock, emit: recorder.emit });
  return {
    ...base,
    broker,
    queue,
    handler,
    publisher,
    source,
    dispatcher,
    sweeper,
    /** Stores events for a destination without publishing them. */
    async insertMany(count: number, destination: string) {
      const entries = [];
      for (let i = 0; i < count; i++) {
        const eventId = await base.insert(destination);
        entries.push({ destination, deliveryId: deliveryIdOf(eventId, 1) });
      }
      return entries;
    },
    /** Stores and publishes, as an accept does. */
    async acceptMany(count: number, destination: string) {
      const entries = [];
      for (let i = 0; i < count; i++) {
        const eventId = await base.insert(destination);
        entries.push({ destination, deliveryId: deliveryIdOf(eventId, 1) });
      }
      publisher.publish(entries);
      await turns();
      return entries;
    },
    /** Lets every call that is open succeed, and those that follow, until none is left. */
    async finishAll() {
      for (let seen = 0; seen < handler.calls.length; ) {
        for (; seen < handler.calls.length; seen++) handler.calls[seen]!.succeed();
        await turns(20);
      }
    },
    depth: (destination: string) => broker.depth(destination),
  };
}
