import { SYSTEM } from '../domain/audit.ts';
import type { Destination } from '../domain/destination.ts';
import { expire, overrideAt, standingAt } from '../domain/destination-state.ts';
import { NEVER_MS } from '../domain/order.ts';
import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { DestinationStore, KeptDestination, SharedStore } from '../store/store.ts';
import type { DestinationStates } from './destination-states.ts';
import type { Prober } from './prober.ts';
import type { RateShare } from './rate-share.ts';

export type KeeperParts = Readonly<{
  store: Pick<DestinationStore, 'holdPending' | 'countUnheld'> & Pick<SharedStore, 'tryLead'>;
  states: DestinationStates;
  prober: Prober;
  rateShare: RateShare;
  /** Those of the configuration in effect. */
  destinations: () => readonly Destination[];
  clock: Clock;
  emit: Emit;
}>;

export type DestinationKeeper = Service &
  Readonly<{
    /** Marks what was pending when the destination was closed. Never rejects. */
    markPending(destination: string): Promise<void>;
  }>;

/** How late another node learns of a change, and a probe is sent. */
const EVERY_MS = 500;
/** Deliveries that one statement marks. */
const PAGE = 500;

/**
 * Keeps destinations as their states say: learns what other nodes have changed, ends what has an end, sends probes, and
 * marks what waits. What was inserted or retried by a node that had not learned of a hold is found by its count.
 */
export function createDestinationKeeper(parts: KeeperParts): DestinationKeeper {
  const { store, states, prober, rateShare, destinations, clock, emit } = parts;
  /** Up to when retries that are due have taken their place. */
  const seenUntil = new Map<string, number>();

  const walk = async (destination: string, fromMs: number, untilMs: number) => {
    const nowMs = clock.nowMs();
    let after: string | null = null;
    do {
      const page = await store.holdPending(destination, { fromMs, untilMs }, nowMs, PAGE, after);
      after = page.next;
    } while (after !== null && states.isClosed(destination));
    seenUntil.set(destination, nowMs);
  };
  const mark = async (destination: string) => {
    const fromMs = seenUntil.get(destination);
    const isWhole = fromMs === undefined || (await store.countUnheld(destination)) > 0;
    await (isWhole ? walk(destination, 0, NEVER_MS) : walk(destination, fromMs, clock.nowMs()));
  };
  const endWhatHasEnded = async ({ destination, state }: KeptDestination) => {
    if (expire(state, clock.nowMs()) === state) return;
    await states.change(destination, (before) => {
      const atMs = clock.nowMs();
      const next = expire(before, atMs);
      const isResumed = before.hold !== null && next.hold === null;
      const action = isResumed ? 'destination.resume' : 'destination.rate';
      const after = isResumed ? { by: 'until' } : { rate: overrideAt(next, atMs)?.perSecond ?? null };
      return { next, audit: { atMs, actor: SYSTEM, action, target: destination, before: null, after } };
    });
  };
  const hasRate = () =>
    destinations().some(({ rate }) => rate !== null) || states.all().some(({ state }) => state.rate !== null);
  const keep = async () => {
    await states.refresh();
    await rateShare.refresh(hasRate());
    for (const kept of states.all()) await endWhatHasEnded(kept);
    const closed = states.all().filter(({ state }) => standingAt(state, clock.nowMs()) !== 'open');
    for (const name of seenUntil.keys()) if (!states.isClosed(name)) seenUntil.delete(name);
    if (closed.length === 0) return;
    for (const destination of destinations()) await prober.probe(destination);
    if ((await store.tryLead()) !== 'leader') return;
    for (const { destination } of closed) await mark(destination);
  };
  const run = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      emit({ type: 'store.failed', operation: 'destination', error: error as Error });
    }
  };
  return {
    ...createRunLoop(clock, EVERY_MS, 'after a pause', () => run(keep)),
    markPending: (destination) => run(() => walk(destination, 0, NEVER_MS)),
  };
}
