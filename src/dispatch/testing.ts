import { anEvent, createCountingIds, nextId } from '../../testkit/builders.ts';
import { createFakeClock, type FakeClock } from '../../testkit/fake-clock.ts';
import { createSeededRandom } from '../../testkit/seeded-random.ts';
import { type Delivery, deliveryIdOf } from '../domain/delivery.ts';
import type { Destination } from '../domain/destination.ts';
import type { Emit, ReceiverEvent } from '../events.ts';
import type { Handler, HandlerContext, HandlerReply } from '../handlers/handler.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import type { Leased, Store } from '../store/store.ts';
import { createDispatcher, type DispatcherParts } from './dispatcher.ts';

export const LEASE_MS = 30_000;

/** Long enough that each promise, and each turn that a promise waits for, is done. */
const TURNS = 6;

/** Lets everything that is under way come as far as it can without the clock. */
export async function turns(count: number = TURNS): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Moves the clock from timer to timer, each with all its consequences, passes of the event loop included. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  const endMs = clock.nowMs() + ms;
  await turns();
  for (
    let dueAtMs = clock.nextDueAtMs();
    dueAtMs !== null && dueAtMs <= endMs;
    dueAtMs = clock.nextDueAtMs()
  ) {
    await clock.advanceTo(dueAtMs);
    await turns();
  }
  await clock.advanceTo(endMs);
}

export type Recorder = Readonly<{
  emit: Emit;
  events: ReceiverEvent[];
  types(): string[];
  of<Type extends ReceiverEvent['type']>(type: Type): Extract<ReceiverEvent, { type: Type }>[];
}>;

/** Records the emitted events. */
export function createRecorder(): Recorder {
  const events: ReceiverEvent[] = [];
  return {
    emit: (event) => void events.push(event),
    events,
    types: () => events.map(({ type }) => type),
    of: <Type extends ReceiverEvent['type']>(type: Type) =>
      events.filter((event): event is Extract<ReceiverEvent, { type: Type }> => event.type === type),
  };
}

/** Retries after exactly 2 s, 4 s, 8 s. */
export function aDestination(overrides: Partial<Destination> = {}): Destination {
  return {
    name: 'billing',
    sources: ['*'],
    events: ['*'],
    concurrency: 10,
    timeoutMs: 30_000,
    retry: { maxAttempts: 4, baseDelayMs: 1_000, maxDelayMs: 60_000, jitter: 0 },
    order: null,
    rate: null,
    breaker: null,
    ...overrides,
  };
}

/** A lease that no store knows. */
export function aLeased(overrides: Partial<Leased> = {}): Leased {
  const event = overrides.event ?? anEvent();
  const deliveryId = deliveryIdOf(event.id, 1);
  const token = nextId(event.receivedAtMs);
  const lease = { deliveryId, token, untilMs: event.receivedAtMs + LEASE_MS, orderKey: null };
  return { lease, destination: 'billing', attempts: 0, event, sentAs: deliveryId, ...overrides };
}

/** A call of a handler that goes on until the test ends it. */
export type OpenCall = Readonly<{
  context: HandlerContext;
  succeed(reply?: HandlerReply): void;
  fail(error: unknown): void;
}>;

/** A handler whose calls the test ends; `calls` are all that ever were. */
export function createManualHandler(): Handler & Readonly<{ calls: OpenCall[] }> {
  const calls: OpenCall[] = [];
  return {
    calls,
    handle(_event, context) {
      const call = Promise.withResolvers<HandlerReply | undefined>();
      calls.push({ context, succeed: (reply) => call.resolve(reply), fail: call.reject });
      return call.promise;
    },
  };
}

/** A dispatcher on a memory store with a fake clock, and what a test does around it. */
export function openDispatch(
  destinations: readonly Destination[],
  handlers: Readonly<Record<string, Handler>>,
  overrides: Partial<DispatcherParts> = {},
  memory: Store = openMemoryStore({ maxPendingDeliveries: 1_000_000 }),
) {
  const clock = createFakeClock();
  const recorder = createRecorder();
  const store = countClaims(memory);
  const dispatcher = createDispatcher({
    store,
    destinations,
    handlers: new Map(Object.entries(handlers)),
    clock,
    random: createSeededRandom(1),
    newId: createCountingIds(),
    emit: recorder.emit,
    workerCount: 10,
    leaseMs: LEASE_MS,
    ...overrides,
  });
  /** Stores one event with a delivery for each of the named destinations; does not wake. */
  const insert = async (...names: string[]): Promise<string> => {
    const receivedAtMs = clock.nowMs();
    const event = anEvent({ receivedAtMs });
    await memory.insertEvent(event, names);
    return event.id;
  };
  return {
    clock,
    store,
    recorder,
    dispatcher,
    pass: (ms: number) => pass(clock, ms),
    insert,
    /** Stores the given number of events for a destination, and wakes the dispatcher. */
    async accept(count: number, destination: string): Promise<string[]> {
      const ids: string[] = [];
      for (let i = 0; i < count; i++) ids.push(await insert(destination));
      dispatcher.wake();
      await turns();
      return ids;
    },
    async delivery(eventId: string): Promise<Delivery> {
      return (await memory.deliveriesOf(eventId))[0]!;
    },
    async count(status: Delivery['status']): Promise<number> {
      const { counts } = await memory.stats();
      return counts.reduce((sum, entry) => sum + (entry.status === status ? entry.count : 0), 0);
    },
  };
}

/** The store, with every claim that is asked for kept. */
function countClaims(store: Store) {
  const claims: { destination: string; limit: number }[] = [];
  return {
    ...store,
    claims,
    claim: ((request) => {
      claims.push(...request.limits);
      return store.claim(request);
    }) as Store['claim'],
  };
}
