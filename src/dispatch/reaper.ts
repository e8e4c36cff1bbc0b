import { eventIdOf } from '../domain/delivery.ts';
import type { Destination } from '../domain/destination.ts';
import type { RetryPolicy } from '../domain/retry-policy.ts';
import { decideSettlement, INTERRUPTED } from '../domain/settlement.ts';
import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { ExpiredLease, LeaseStore, SharedStore } from '../store/store.ts';
import { type Tracing, tracedBy } from '../trace/tracing.ts';
import type { Dispatcher } from './dispatcher.ts';
import { attemptOf } from './execute-attempt.ts';

export type ReaperParts = Readonly<{
  store: Pick<LeaseStore, 'expired' | 'settle'> & Pick<SharedStore, 'tryLead'>;
  dispatcher: Pick<Dispatcher, 'holds' | 'wake'>;
  /** Those of the configuration in effect. */
  destinations: () => readonly Destination[];
  /** For deliveries whose destination is no longer configured. */
  defaultRetry: RetryPolicy;
  clock: Clock;
  random: Random;
  emit: Emit;
  tracing?: Pick<Tracing, 'idsByName'>;
}>;

export type Reaper = Service & Readonly<{ reclaimAll(): Promise<void> }>;

const PAUSE_MS = 5_000;
const BATCH = 500;

/**
 * Takes back the deliveries whose holder died. Each is charged an attempt, so that an event that kills the process
 * ends as a dead letter instead of killing the process for ever.
 */
export function createReaper(parts: ReaperParts): Reaper {
  const { store, dispatcher, clock, random, emit } = parts;

  /** A failure is left to the next pass. */
  const reclaim = async (expired: ExpiredLease): Promise<'done' | 'failed'> => {
    try {
      await charge(expired);
      return 'done';
    } catch (error) {
      emit({ type: 'store.failed', operation: 'settle', error: error as Error });
      return 'failed';
    }
  };

  /**
   * With full jitter: deliveries that were at work beside an event that kills the process are charged with it, and
   * should not be at work beside it again.
   */
  const charge = async ({ lease, source, destination, attempts, leasedAtMs }: ExpiredLease) => {
    const nowMs = clock.nowMs();
    const attempt = attemptOf(INTERRUPTED, attempts + 1, leasedAtMs, nowMs);
    const rules = parts.destinations().find(({ name }) => name === destination);
    const policy = { ...(rules?.retry ?? parts.defaultRetry), jitter: 1 };
    // The rules of a destination that is no longer configured are unknown: keep its order.
    const onFailure = rules === undefined ? 'block' : rules.order?.onFailure;
    const settlement = decideSettlement(INTERRUPTED, attempt.number, policy, nowMs, random.next(), onFailure);
    if ((await store.settle(lease, settlement, attempt, nowMs)) === 'lost') return;
    const { deliveryId } = lease;
    const eventId = eventIdOf(deliveryId);
    const trace = await parts.tracing?.idsByName({ id: eventId, source });
    emit({
      type: 'lease.reclaimed',
      eventId,
      deliveryId,
      source,
      destination,
      attempt: attempt.number,
      settlement: settlement.kind,
      ...tracedBy(trace),
    });
  };

  /** Until none is left. A delivery at work in this process is not dead, however late its heartbeat. */
  const reclaimUntil = async (untilMs: number) => {
    for (;;) {
      const expired = await store.expired(untilMs, BATCH);
      const dead = expired.filter(({ lease }) => !dispatcher.holds(lease));
      const outcomes = await Promise.all(dead.map(reclaim));
      // Also after a failure: the store may have settled it although the answer was lost, and its retry needs a timer.
      if (dead.length > 0) dispatcher.wake();
      if (dead.length === 0 || outcomes.includes('failed')) return;
    }
  };
  const loop = createRunLoop(clock, PAUSE_MS, 'after a pause', async () => {
    try {
      const leads = (await store.tryLead()) === 'leader';
      emit({ type: 'store.leadership', leads });
      if (leads) await reclaimUntil(clock.nowMs());
    } catch (error) {
      emit({ type: 'store.failed', operation: 'expired', error: error as Error });
    }
  });
  return {
    ...loop,
    /** For the start of a process that owns its store alone: every earlier holder of a lease is gone. */
    reclaimAll: () => reclaimUntil(Number.MAX_SAFE_INTEGER),
  };
}
