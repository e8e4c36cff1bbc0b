import type { Destination } from '../domain/destination.ts';
import { INITIAL_STATE } from '../domain/destination-state.ts';
import type { Lease } from '../domain/lease.ts';
import type { Emit } from '../events.ts';
import type { Handler } from '../handlers/handler.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdGenerator } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import { createSignal } from '../runtime/signal.ts';
import type { CompleteStore, LeaseStore } from '../store/store.ts';
import type { Tracing } from '../trace/tracing.ts';
import { type Breaker, NO_BREAKER } from './breaker.ts';
import { type ClaimInProgress, createClaimLoop } from './claim-loop.ts';
import type { DestinationStates } from './destination-states.ts';
import type { IsUnreadable } from './execute-attempt.ts';
import { createHandlerUses, type HandlerUses } from './handler-uses.ts';
import type { OpenHandlerLog } from './report-attempt.ts';
import { createThrottle, type Throttle, type ThrottleView } from './throttle.ts';
import { createStoreSource, type Work, type WorkSource } from './work-source.ts';
import { type Active, createWorkers, type WorkedSlot, type Workers } from './workers.ts';

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
  isUnreadable?: IsUnreadable;
  /** What is known of destinations that are held, limited or tripped; by default none is. */
  states?: Pick<DestinationStates, 'of' | 'isClosed'>;
  breaker?: Pick<Breaker, 'judge' | 'onAnswer'>;
  /** The share of each rate that this process has. */
  rateShare?: () => number;
  tracing?: Pick<Tracing, 'attempt'>;
  openHandlerLog?: OpenHandlerLog;
  /** Takes each handler that `use` has replaced, once its last attempt has ended. */
  onUnused?: (handler: Handler) => void;
}>;

export type Dispatcher = Readonly<{
  start(): void;
  /** There may be something to claim, for any destination or for the named one. May be called at any rate. */
  wake(destination?: string): void;
  /** The same for the destinations that an event goes to, and for no other: it costs as much as they are. */
  wakeFor(destinations: readonly string[]): void;
  /**
   * Replaces the destinations in one step. Claims and attempts that have begun end under the rules and with the handler
   * that they began with. Deliveries of a removed destination stay pending.
   */
  use(destinations: readonly Destination[], handlers: ReadonlyMap<string, Handler>): void;
  /** Works on a delivery that was claimed elsewhere. Of a destination that is not configured it is released. */
  work(destination: string, work: Work): void;
  /** Deliveries at work, for the heartbeat. */
  active(): Iterable<Active>;
  /** Whether this process works under that very lease. */
  holds(lease: Lease): boolean;
  /**
   * Claims no more, lets running attempts finish for `graceMs`, and releases the rest uncharged. Always resolves,
   * GIVE_BACK_MS and LAST_TRY_MS after the grace at the latest.
   */
  stop(graceMs: number): Promise<void>;
}>;

/** After the grace of a shutdown, time for a failing store to take back what was at work. */
export const GIVE_BACK_MS = 4_000;
/** After that, time for the store's last answers. */
export const LAST_TRY_MS = 1_000;

/** A slot stays that of its destination across reloads, so that its concurrency holds across them too. */
type DestinationSlot = WorkedSlot & { concurrency: number; dueAtMs: number; readonly throttle: Throttle };

/**
 * Claims as many deliveries as there are free workers, never polls while idle (an accept, a freed worker or the
 * next due retry wakes it), and runs each claimed delivery to its settlement.
 */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const { clock, emit } = parts;
  const uses = createHandlerUses(parts.onUnused ?? (() => {}));
  const slots = createSlotTable(parts.destinations, parts.handlers, uses);
  const freed = createSignal<[slot: DestinationSlot]>();
  const mayBeIdle = createSignal();
  const { states = OPEN, breaker = NO_BREAKER, rateShare = () => 1 } = parts;
  const workers = createWorkers({ ...parts, breaker, isClosed: states.isClosed, onFreed: freed.raise });
  const viewOf = (slot: DestinationSlot) => viewOfSlot(slot, states, rateShare());
  const claims = createClaimLoop({
    ...parts,
    source: parts.source ?? createStoreSource(parts.store),
    slots: slots.all,
    roomOf: (slot, nowMs) => slot.throttle.room(viewOf(slot), nowMs),
    roomAtMs: (slot, nowMs) => slot.throttle.roomAtMs(viewOf(slot), nowMs),
    onClaim: (slot, limit) => throttled(slot, limit, workers.claim(slot)),
    onRest: mayBeIdle.raise,
  });
  freed.listen((slot) => {
    claims.ask([slot]);
    mayBeIdle.raise();
  });
  mayBeIdle.listen(slots.dropLeftOver);
  const wakeFor = (destinations: readonly string[]) =>
    claims.ask(destinations.flatMap((name) => slots.named(name) ?? []));

  return {
    start: claims.start,
    wake: (destination) => (destination === undefined ? claims.ask(slots.all()) : wakeFor([destination])),
    wakeFor,
    use(destinations, handlers) {
      slots.replace(destinations, handlers);
      uses.keep(handlers.values());
      claims.ask(slots.all());
    },
    work(destination, work) {
      takeWork(workers, slots.named(destination), work);
    },
    active: workers.active,
    holds: workers.holds,
    async stop(graceMs) {
      workers.refuse();
      claims.stop();
      const idle = Promise.withResolvers<void>();
      const resolveIfIdle = () => {
        if (workers.activeCount() === 0 && !claims.isClaiming()) idle.resolve();
      };
      mayBeIdle.listen(resolveIfIdle);
      const timers = [
        clock.after(graceMs, workers.release),
        clock.after(graceMs + GIVE_BACK_MS, workers.giveUp),
        clock.after(graceMs + GIVE_BACK_MS + LAST_TRY_MS, idle.resolve),
      ];
      resolveIfIdle();
      await idle.promise;
      for (const stopTimer of timers) stopTimer();
      const interrupted = workers.activeCount();
      if (interrupted === 0) return;
      const message = `the store did not take back all work in time: interrupted deliveries: ${interrupted}`;
      emit({ type: 'receiver.warning', message });
    },
  };
}

type SlotTable = Readonly<{
  all(): readonly DestinationSlot[];
  named(destination: string): DestinationSlot | undefined;
  replace(destinations: readonly Destination[], handlers: ReadonlyMap<string, Handler>): void;
  /** Forgets removed destinations whose work has ended. */
  dropLeftOver(): void;
}>;

function createSlotTable(
  destinations: readonly Destination[],
  handlers: ReadonlyMap<string, Handler>,
  uses: HandlerUses,
): SlotTable {
  let slots: readonly DestinationSlot[] = [];
  let byName: ReadonlyMap<string, DestinationSlot> = new Map();
  let hasRemoved = false;
  const use = (next: readonly DestinationSlot[]) => {
    slots = next;
    byName = new Map(next.map((slot) => [slot.destination, slot]));
    hasRemoved = next.some(({ concurrency }) => concurrency === 0);
  };
  use(replaceSlots([], destinations, handlers, uses));
  return {
    all: () => slots,
    named: (destination) => byName.get(destination),
    replace: (...next) => use(replaceSlots(slots, ...next, uses)),
    dropLeftOver() {
      if (hasRemoved) use(slots.filter((slot) => !isLeftOver(slot)));
    },
  };
}

const OPEN: Pick<DestinationStates, 'of' | 'isClosed'> = { of: () => INITIAL_STATE, isClosed: () => false };

function viewOfSlot(
  { destination, target, concurrency, active }: DestinationSlot,
  states: Pick<DestinationStates, 'of'>,
  share: number,
): ThrottleView {
  return { state: states.of(destination), rate: target.destination.rate, share, concurrency, active };
}

function takeWork(
  workers: Pick<Workers<DestinationSlot>, 'claim'>,
  slot: DestinationSlot | undefined,
  work: Work,
): void {
  if (slot === undefined) {
    work.probe?.ended(null);
    work.end(null);
    return;
  }
  const claim = workers.claim(slot);
  claim.take(work);
  claim.end();
}

/** A claim that takes of the rate what it asks for, and gives back what it did not get. */
function throttled({ throttle }: DestinationSlot, limit: number, claim: ClaimInProgress): ClaimInProgress {
  let taken = 0;
  throttle.take(limit);
  return {
    take(work) {
      taken += 1;
      claim.take(work);
    },
    end() {
      throttle.giveBack(limit - taken);
      claim.end();
    },
  };
}

/** The slots of the destinations, and after them those of removed destinations that still have work. */
function replaceSlots(
  slots: readonly DestinationSlot[],
  destinations: readonly Destination[],
  handlers: ReadonlyMap<string, Handler>,
  uses: HandlerUses,
): readonly DestinationSlot[] {
  const known = new Map(slots.map((slot) => [slot.destination, slot]));
  const current = destinations.map((destination): DestinationSlot => {
    const { name, concurrency } = destination;
    const handler = handlers.get(name);
    if (handler === undefined) throw new Error(`no handler for destination ${name}`);
    const target = { destination, handler, use: uses.of(handler) };
    const slot = known.get(name);
    known.delete(name);
    if (slot === undefined) {
      const idle = { active: 0, settling: 0, dueAtMs: 0 };
      return { destination: name, concurrency, target, ...idle, throttle: createThrottle() };
    }
    return Object.assign(slot, { concurrency, target });
  });
  // Without concurrency nothing is claimed for them, and their work still counts against the workers.
  const removed = [...known.values()].map((slot) => Object.assign(slot, { concurrency: 0 }));
  return [...current, ...removed.filter((slot) => !isLeftOver(slot))];
}

/** A removed destination's slot without work, and without a claim that may bring some. */
function isLeftOver({ concurrency, active, target }: DestinationSlot): boolean {
  return concurrency === 0 && active === 0 && target.use.isIdle();
}
