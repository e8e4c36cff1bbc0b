import type { Destination } from '../domain/destination.ts';
import type { Handler } from '../handlers/handler.ts';
import type { Emit } from '../observe/events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import type { ClaimOutcome, Leased, LeaseStore } from '../store/store.ts';
import { type AttemptTarget, executeAttempt, LEASE_LOST, SHUTDOWN } from './execute-attempt.ts';
import { planClaims } from './plan-claims.ts';

export type DispatcherParts = Readonly<{
  store: LeaseStore;
  destinations: readonly Destination[];
  handlers: ReadonlyMap<string, Handler>;
  clock: Clock;
  random: Random;
  newId: IdGenerator;
  emit: Emit;
  workerCount: number;
  leaseMs: number;
}>;

/** A delivery at work in this process. */
export type Active = { leased: Leased; cancel: AbortController; untilMs: number };

export type Dispatcher = Readonly<{
  start(): void;
  /** There may be something to claim: call it after an accept, as often as you like. */
  wake(): void;
  /** Deliveries at work, for the heartbeat. */
  active(): Iterable<Active>;
  holds(deliveryId: string): boolean;
  /** Gives a delivery up because its lease is somebody else's. */
  drop(active: Active): void;
  /** Claims no more, lets what is at work finish for `graceMs`, and releases the rest uncharged. */
  stop(graceMs: number): Promise<void>;
}>;

const CLAIM_PAUSE_MS = 500;

/** After the grace of a shutdown, time to write down what is released. */
const RELEASE_MS = 5_000;

/**
 * The one owner of the claim loop. It claims as many deliveries as there are free workers, never polls while idle
 * (an accept, a freed worker or the next due retry wakes it), and runs each claimed delivery to its settlement.
 */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const { store, clock, newId, emit } = parts;
  const lanes = new Map(
    parts.destinations.map((destination) => [destination.name, laneOf(parts, destination)]),
  );
  const atWork = new Map<string, Active>();
  const giveUp = new AbortController();
  let running = false;
  let scheduled = false;
  let claiming = false;
  let stopTimer = () => {};
  let onIdle = () => {};

  const wake = () => {
    if (scheduled || claiming || !running) return;
    scheduled = true;
    // Workers freed by one commit come free within one turn of the event loop: they share a claim.
    setImmediate(() => {
      scheduled = false;
      void claim();
    });
  };
  const wakeIn = (delayMs: number) => {
    stopTimer();
    stopTimer = clock.after(delayMs, wake);
  };

  const claim = async () => {
    if (!running || claiming) return;
    const limits = planClaims([...lanes.values()], parts.workerCount);
    if (limits.length === 0) return;
    claiming = true;
    const nowMs = clock.nowMs();
    const leaseUntilMs = nowMs + parts.leaseMs;
    let outcome: ClaimOutcome | null = null;
    try {
      outcome = await store.claim({ limits, token: newId(nowMs), nowMs, leaseUntilMs });
    } catch (error) {
      emit({ type: 'store.failed', operation: 'claim', error: error as Error });
    }
    claiming = false;
    if (outcome === null) return wakeIn(CLAIM_PAUSE_MS);
    for (const leased of outcome.leased) void work(leased);
    if (outcome.nextDueAtMs !== null) sleepUntil(outcome.nextDueAtMs, outcome.leased.length > 0);
    if (wokenMeanwhile) {
      wokenMeanwhile = false;
      wake();
    }
  };
  let wokenMeanwhile = false;

  /** What is due but was left behind waits for a free worker, which wakes by itself. */
  const sleepUntil = (dueAtMs: number, progressed: boolean) => {
    const delayMs = dueAtMs - clock.nowMs();
    if (delayMs > 0) wakeIn(delayMs);
    else if (progressed) wake();
  };

  const work = async (leased: Leased) => {
    const lane = lanes.get(leased.destination)!;
    const entry: Active = { leased, cancel: new AbortController(), untilMs: leased.lease.untilMs };
    lane.active += 1;
    atWork.set(leased.lease.deliveryId, entry);
    if (!running) entry.cancel.abort(SHUTDOWN);
    try {
      await executeAttempt({ ...parts, giveUp: giveUp.signal }, lane.target, leased, entry.cancel.signal);
    } catch (error) {
      emit({
        type: 'receiver.failed',
        message: 'an attempt ended in an unexpected way',
        error: error as Error,
      });
    }
    lane.active -= 1;
    atWork.delete(leased.lease.deliveryId);
    if (claiming) wokenMeanwhile = true;
    wake();
    if (atWork.size === 0) onIdle();
  };

  const idle = () =>
    atWork.size === 0 && !claiming ? Promise.resolve() : new Promise<void>((r) => (onIdle = r));

  return {
    start() {
      running = true;
      wake();
    },
    wake() {
      if (claiming) wokenMeanwhile = true;
      wake();
    },
    active: () => atWork.values(),
    holds: (deliveryId) => atWork.has(deliveryId),
    drop(entry) {
      const { event, lease, destination } = entry.leased;
      emit({
        type: 'lease.lost',
        eventId: event.id,
        deliveryId: lease.deliveryId,
        source: event.source,
        destination,
      });
      entry.cancel.abort(LEASE_LOST);
    },
    async stop(graceMs) {
      running = false;
      stopTimer();
      const stopGrace = clock.after(graceMs, () => {
        for (const entry of atWork.values()) entry.cancel.abort(SHUTDOWN);
      });
      const stopGivingUp = clock.after(graceMs + RELEASE_MS, () => giveUp.abort());
      await idle();
      stopGrace();
      stopGivingUp();
    },
  };
}

function laneOf(parts: DispatcherParts, destination: Destination) {
  const handler = parts.handlers.get(destination.name);
  if (handler === undefined) throw new Error(`no handler for destination ${destination.name}`);
  const target: AttemptTarget = { destination, handler };
  return { destination: destination.name, concurrency: destination.concurrency, active: 0, target };
}
