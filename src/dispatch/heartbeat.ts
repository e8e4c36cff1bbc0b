import type { Emit } from '../observe/events.ts';
import type { Clock } from '../runtime/clock.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { LeaseStore } from '../store/store.ts';
import type { Active, Dispatcher } from './dispatcher.ts';

export type HeartbeatParts = Readonly<{
  store: Pick<LeaseStore, 'extend'>;
  dispatcher: Pick<Dispatcher, 'active' | 'drop'>;
  clock: Clock;
  emit: Emit;
  leaseMs: number;
}>;

/**
 * Extends the leases of what is at work, three times within a lease's length, so that two beats may fail before
 * one runs out. Attempts that end within the first beat cost nothing.
 */
export function createHeartbeat({ store, dispatcher, clock, emit, leaseMs }: HeartbeatParts): Service {
  const beatMs = leaseMs / 3;

  const extend = async (active: Active) => {
    const untilMs = clock.nowMs() + leaseMs;
    try {
      if ((await store.extend(active.leased.lease, untilMs)) === 'extended') active.untilMs = untilMs;
      else dispatcher.drop(active);
    } catch (error) {
      emit({ type: 'store.failed', operation: 'extend', error: error as Error });
    }
  };
  return createRunLoop(clock, beatMs, 'after a pause', async () => {
    const soonMs = clock.nowMs() + 2 * beatMs;
    await Promise.all([...dispatcher.active()].filter(({ untilMs }) => untilMs <= soonMs).map(extend));
  });
}
