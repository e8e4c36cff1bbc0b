import assert from 'node:assert/strict';
import {
  createDispatcher,
  type Dispatcher,
  GIVE_BACK_MS,
  LAST_TRY_MS,
} from '../../src/dispatch/dispatcher.ts';
import { createHeartbeat } from '../../src/dispatch/heartbeat.ts';
import { createReaper } from '../../src/dispatch/reaper.ts';
import type { Destination } from '../../src/domain/destination.ts';
import { StoreError } from '../../src/domain/errors.ts';
import type { Emit } from '../../src/events.ts';
import type { Handler } from '../../src/handlers/handler.ts';
import { type Clock, sleep } from '../../src/runtime/clock.ts';
import type { IdGenerator } from '../../src/runtime/ids.ts';
import type { LeaseStore, SharedStore } from '../../src/store/store.ts';
import type { SeededRandom } from '../../testkit/seeded-random.ts';

export const LEASE_MS = 30_000;
export const GRACE_MS = 10_000;

export type ProcessParts = Readonly<{
  clock: Clock;
  store: LeaseStore;
  destinations: readonly Destination[];
  handlerFor: (process: Process, destination: Destination) => Handler;
  random: SeededRandom;
  newId: IdGenerator;
  emit: Emit;
  workerCount: number;
}>;

/** A process of the receiver, as far as it processes: it starts, and ends in good order or not. */
export type Process = Readonly<{
  clock: Clock;
  dispatcher: Dispatcher;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Ends everything at once. Nothing of it moves any more; what it has sent to the store may still arrive. */
  kill(): void;
  isDead(): boolean;
  /** How long it has claimed work; null before and after. */
  servingForMs(): number | null;
}>;

export function createProcess(parts: ProcessParts): Process {
  let life: 'starting' | 'serving' | 'stopping' | 'dead' = 'starting';
  let servingSinceMs = 0;
  const clock = createMortalClock(parts.clock);
  const store = createMortalStore(parts.store, () => life === 'dead');
  const emit: Emit = (event) => {
    if (life !== 'dead') parts.emit(event);
  };
  const handlers = new Map<string, Handler>();
  const core = { ...parts, clock, store, emit, handlers, leaseMs: LEASE_MS };
  const process: Process = {
    clock,
    get dispatcher() {
      return dispatcher;
    },
    isDead: () => life === 'dead',
    servingForMs: () => (life === 'serving' ? parts.clock.nowMs() - servingSinceMs : null),
    async start() {
      // Whoever restarts a process whose store fails starts it again.
      while (!(await succeeds(() => reaper.reclaimAll()))) await sleep(clock, 1_000);
      dispatcher.start();
      heartbeat.start();
      reaper.start();
      life = 'serving';
      servingSinceMs = parts.clock.nowMs();
    },
    async stop() {
      life = 'stopping';
      const latestMs = parts.clock.nowMs() + GRACE_MS + GIVE_BACK_MS + LAST_TRY_MS;
      await dispatcher.stop(GRACE_MS);
      assert.ok(parts.clock.nowMs() <= latestMs, 'stop took too long');
      process.kill();
    },
    kill() {
      life = 'dead';
      clock.kill();
    },
  };
  for (const destination of parts.destinations) {
    handlers.set(destination.name, parts.handlerFor(process, destination));
  }
  const completeWithin = () => assert.fail('handlers of the simulation do not complete');
  const dispatcher = createDispatcher({ ...core, store: { ...core.store, completeWithin } });
  const heartbeat = createHeartbeat({ ...core, dispatcher });
  const reaper = createReaper({
    ...core,
    destinations: () => parts.destinations,
    dispatcher,
    defaultRetry: parts.destinations[0]!.retry,
  });
  return process;
}

async function succeeds(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    return false;
  }
}

function createMortalClock(clock: Clock): Clock & { kill(): void } {
  const timers = new Set<() => void>();
  let isDead = false;
  return {
    nowMs: () => clock.nowMs(),
    after(delayMs, callback) {
      if (isDead) return () => {};
      const cancelTimer = clock.after(delayMs, () => {
        timers.delete(cancel);
        callback();
      });
      const cancel = () => {
        timers.delete(cancel);
        cancelTimer();
      };
      timers.add(cancel);
      return cancel;
    },
    kill() {
      isDead = true;
      for (const cancel of timers) cancel();
    },
  };
}

type ReapedStore = LeaseStore & Pick<SharedStore, 'tryLead'>;

/** The dead send nothing, and no answer wakes them. */
function createMortalStore(store: LeaseStore, isDead: () => boolean): ReapedStore {
  const ask = <Result>(send: () => Promise<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (isDead()) return;
      send().then(
        (result) => isDead() || resolve(result),
        (error: unknown) => isDead() || reject(error),
      );
    });
  return {
    tryLead: async () => 'leader',
    claim: (request) => ask(() => store.claim(request)),
    extend: (lease, untilMs) => ask(() => store.extend(lease, untilMs)),
    settle: (lease, settlement, attempt, nowMs) => ask(() => store.settle(lease, settlement, attempt, nowMs)),
    expired: (untilMs, limit) => ask(() => store.expired(untilMs, limit)),
  };
}
