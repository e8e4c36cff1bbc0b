import type { Destination } from '../domain/destination.ts';
import { isExpired, type Lease } from '../domain/lease.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { Emit } from '../events.ts';
import type { Handler } from '../handlers/handler.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import type { CompleteStore, Leased, LeaseStore } from '../store/store.ts';
import { createClaimLoop } from './claim-loop.ts';
import { CLAIMED_TOO_LATE, executeAttempt, SHUTDOWN } from './execute-attempt.ts';
import { createStoreSource, type Work, type WorkSource } from './work-source.ts';

export type DispatcherParts = Readonly<{
  store: Pick<LeaseStore, 'claim' | 'settle'> & Pick<CompleteStore, 'completeWithin'>;
  /** Where work comes from; the store itself by default. */
  source?: WorkSource;
  destinations: readonly Destination[];
  handlers: ReadonlyMap<string, Handler>;
  clock: Clock;
  random: Random;
  newId: IdGenerator;
  emit: Emit;
  /** At least one for each destination. */
  workerCount: number;
  leaseMs: number;
}>;

/** A delivery at work in this process. */
export type Active = {
  readonly leased: Leased;
  /** Its reason says what becomes of the delivery: LEASE_LOST drops the try, any other gives it back uncharged. */
  readonly cancel: AbortController;
  untilMs: number;
};

export type Dispatcher = Readonly<{
  start(): void;
  /** There may be something to claim, of any or of one destination: call it as often as you like. */
  wake(destination?: string): void;
  /** Deliveries at work, for the heartbeat. */
  active(): Iterable<Active>;
  /** Whether this process works under that very lease. */
  holds(lease: Lease): boolean;
  /**
   * Claims no more, lets what is at work finish for `graceMs`, and gives the rest back uncharged. Always resolves,
   * GIVE_BACK_MS and LAST_TRY_MS after the grace at the latest.
   */
  stop(graceMs: number): Promise<void>;
}>;

/** After the grace of a shutdown, how long a failing store is asked to take back what was at work. */
export const GIVE_BACK_MS = 4_000;
/** And how long the last answers are waited for. */
export const LAST_TRY_MS = 1_000;

/**
 * Claims as many deliveries as there are free workers, never polls while idle (an accept, a freed worker or the
 * next due retry wakes it), and runs each claimed delivery to its settlement.
 */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const { clock, emit } = parts;
  const destinationSlots = parts.destinations.map((destination) => openLane(parts, destination));
  const atWork = new Map<string, Active>();
  const giveUp = new AbortController();
  const attemptParts = { ...parts, giveUp: giveUp.signal };
  let stopping = false;
  let onIdle = () => {};

  const work = async (destinationSlot: DestinationSlot, { leased, end }: Work) => {
    const key = keyOf(leased.lease);
    const entry: Active = { leased, cancel: new AbortController(), untilMs: leased.lease.untilMs };
    destinationSlot.active += 1;
    atWork.set(key, entry);
    if (stopping) entry.cancel.abort(SHUTDOWN);
    else if (isExpired(leased.lease, clock.nowMs())) entry.cancel.abort(CLAIMED_TOO_LATE);
    let settlement: Settlement | null = null;
    let isCompleted = false;
    // A delivery that its handler has completed has no lease to extend, and whoever is behind it has the turn.
    const onCompleted = () => {
      isCompleted = true;
      entry.untilMs = Number.POSITIVE_INFINITY;
      end({ kind: 'completed' });
      if (leased.lease.orderKey !== null) claims.ask([destinationSlot]);
    };
    try {
      const { signal } = entry.cancel;
      settlement = await executeAttempt(attemptParts, destinationSlot.target, leased, signal, onCompleted);
    } catch (error) {
      const message = 'an attempt ended in an unexpected way';
      emit({ type: 'receiver.failed', message, error: error as Error });
    }
    if (!isCompleted) end(settlement);
    atWork.delete(key);
    destinationSlot.active -= 1;
    // Its worker is free, and it may have left a retry behind.
    claims.ask([destinationSlot]);
    noticeIdle();
  };
  const noticeIdle = () => {
    if (atWork.size === 0 && !claims.isClaiming()) onIdle();
  };
  const claims = createClaimLoop({
    ...parts,
    source: parts.source ?? createStoreSource(parts.store),
    destinationSlots,
    onClaimed: (destinationSlot, taken) => void work(destinationSlot, taken),
    onRest: noticeIdle,
  });

  return {
    start: () => claims.start(),
    wake: (destination) =>
      claims.ask(
        destination === undefined
          ? destinationSlots
          : destinationSlots.filter((destinationSlot) => destinationSlot.destination === destination),
      ),
    active: () => atWork.values(),
    holds: (lease) => atWork.has(keyOf(lease)),
    async stop(graceMs) {
      stopping = true;
      claims.stop();
      const idle = Promise.withResolvers<void>();
      onIdle = idle.resolve;
      const giveBack = () => {
        for (const { cancel } of atWork.values()) cancel.abort(SHUTDOWN);
      };
      const timers = [
        clock.after(graceMs, giveBack),
        clock.after(graceMs + GIVE_BACK_MS, () => giveUp.abort()),
        clock.after(graceMs + GIVE_BACK_MS + LAST_TRY_MS, idle.resolve),
      ];
      noticeIdle();
      await idle.promise;
      for (const stopTimer of timers) stopTimer();
      if (atWork.size === 0) return;
      const message = `the store did not take back all work in time: interrupted deliveries: ${atWork.size}`;
      emit({ type: 'receiver.warning', message });
    },
  };
}

type DestinationSlot = ReturnType<typeof openLane>;

function openLane({ handlers }: DispatcherParts, destination: Destination) {
  const { name, concurrency } = destination;
  const handler = handlers.get(name);
  if (handler === undefined) throw new Error(`no handler for destination ${name}`);
  return { destination: name, concurrency, target: { destination, handler }, active: 0, dueAtMs: 0 };
}

/** By token too: an older lease of the same delivery may still be settling. */
function keyOf({ deliveryId, token }: Lease): string {
  return `${deliveryId} ${token}`;
}
