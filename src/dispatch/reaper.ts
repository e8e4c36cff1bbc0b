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
import type { Dispatcher } from './dispatcher.ts';
import { attemptOf } from './execute-attempt.ts';

export type ReaperParts = Readonly<{
  store: Pick<LeaseStore, 'expired' | 'settle'> & Pick<SharedStore, 'tryLead'>;
  dispatcher: Pick<Dispatcher, 'holds' | 'wake'>;
  destinations: readonly Destination[];
  /** For deliveries whose destination is configured no more. */
  defaultRetry: RetryPolicy;
  clock: Clock;
  random: Random;
  emit: Emit;
}>;

export type Reaper = Service & Readonly<{ reclaimAll(): Promise<void> }>;

const PAUSE_MS = 5_000;
const BATCH = 500;

/**
 * Takes back the deliveries whose holder died: each is charged an attempt, so that an event that kills the process
 * ends as a dead letter instead of killing it for ever.
 */
export function createReaper(parts: ReaperParts): Reaper {
  const { store, dispatcher, clock, random, emit } = parts;
  const configured = new Map(parts.destinations.map((destination) => [destination.name, destination]));

  /** What fails here is left for the next pass. */
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
   * With full jitter: all that was at work with an event that kills the process is charged beside it, and should not
   * be at work with it again.
   */
  const charge = async ({ lease, source, destination, attempts, leasedAtMs }: ExpiredLease) => {
    const nowMs = clock.nowMs();
    const attempt = attemptOf(INTERRUPTED, attempts + 1, leasedAtMs, nowMs);
    const rules = configured.get(destination);
    const policy = { ...(rules?.retry ?? parts.defaultRetry), jitter: 1 };
    // Nobody knows any more what a destination wants that is configured no more: its order is rather kept.
    const onFailure = rules === undefined ? 'block' : rules.order?.onFailure;
    const settlement = decideSettlement(INTERRUPTED, attempt.number, policy, nowMs, random.next(), onFailure);
    if ((await store.settle(lease, settlement, attempt, nowMs)) === 'lost') return;
    const { deliveryId } = lease;
    emit({
      type: 'lease.reclaimed',
      eventId: eventIdOf(deliveryId),
      deliveryId,
      source,
      destination,
      attempt: attempt.number,
      settlement: settlement.kind,
    });
  };

  /** Until none is left. What this process still works on is not dead, however late its heartbeat. */
  const reclaimUntil = async (untilMs: number) => {
    for (;;) {
      const expired = await store.expired(untilMs, BATCH);
      const dead = expired.filter(({ lease }) => !dispatcher.holds(lease));
      const outcomes = await Promise.all(dead.map(reclaim));
      // Also after a failure, which may have been one of the answer only: then a retry waits for its timer.
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
    /** For the start of a process that owns its store alone: whoever held a lease is gone. */
    reclaimAll: () => reclaimUntil(Number.MAX_SAFE_INTEGER),
  };
}
