import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { LeaseStore } from '../store/store.ts';
import type { Dispatcher } from './dispatcher.ts';
import { LEASE_LOST } from './stop-reasons.ts';
import type { Active } from './workers.ts';

export type HeartbeatParts = Readonly<{
  store: Pick<LeaseStore, 'extend'>;
  dispatcher: Pick<Dispatcher, 'active'>;
  clock: Clock;
  emit: Emit;
  leaseMs: number;
}>;

/**
 * Extends the leases of the deliveries at work. It looks six times within a lease's length and extends the leases of
 * which a third has passed, so that two extensions may fail before a lease runs out, and attempts that end within a
 * third of it cost nothing.
 */
export function createHeartbeat({ store, dispatcher, clock, emit, leaseMs }: HeartbeatParts): Service {
  const extend = async (active: Active) => {
    const untilMs = clock.nowMs() + leaseMs;
    try {
      const outcome = await store.extend(active.leased.lease, untilMs);
      if (outcome === 'extended') active.untilMs = untilMs;
      // Stops the handler. An attempt that is being settled meanwhile no longer listens.
      else active.cancel.cancel(LEASE_LOST);
    } catch (error) {
      emit({ type: 'store.failed', operation: 'extend', error: error as Error });
    }
  };
  return createRunLoop(clock, leaseMs / 6, 'after a pause', async () => {
    const nowMs = clock.nowMs();
    const soonMs = nowMs + (leaseMs * 2) / 3;
    // A lease that outlasts its length was made before a step of the clock, and could not be reclaimed for as long.
    const needsExtension = ({ untilMs }: Active) =>
      untilMs <= soonMs || (Number.isFinite(untilMs) && untilMs > nowMs + leaseMs);
    await Promise.all([...dispatcher.active()].filter(needsExtension).map(extend));
  });
}
