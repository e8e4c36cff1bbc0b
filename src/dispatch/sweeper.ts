import type { Emit } from '../events.ts';
import type { Queue, QueueDepth } from '../queue/queue.ts';
import type { Clock } from '../runtime/clock.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { QueuedStore, SharedStore } from '../store/store.ts';
import { GRACE_MS, isPastRepublished, planSweep, QUEUED_ENOUGH, type SweepMemory } from './plan-sweep.ts';
import type { QueueSource } from './queue-source.ts';

export type SweeperParts = Readonly<{
  queue: Pick<Queue, 'publish' | 'depth'>;
  /** Only the leader sweeps; several processes would each publish the missing messages. */
  store: Pick<QueuedStore, 'countDue' | 'duePending'> & Pick<SharedStore, 'tryLead'>;
  source: Pick<QueueSource, 'takenUntilMs'>;
  /** Nothing is published for a destination that gets no deliveries. */
  isClosed?: (destination: string) => boolean;
  clock: Clock;
  emit: Emit;
}>;

const PAUSE_MS = 1_000;
/** Deliveries read and published at a time. */
const PAGE = 1_000;

/**
 * Publishes again the deliveries that are due and have no message: after a crash between commit and publish, after a
 * broker was away or lost messages, and for retries whose process is gone.
 */
export function createSweeper(parts: SweeperParts): Service & Readonly<{ sweep(): Promise<void> }> {
  const { queue, store, source, clock, emit, isClosed = () => false } = parts;
  const memories = new Map<string, SweepMemory>();

  const readDestination = async (depth: QueueDepth, memory: SweepMemory, untilMs: number) => {
    const { destination } = depth;
    const queued = depth.waiting + depth.unacknowledged;
    const takenUntilMs = source.takenUntilMs(destination);
    // Counts that cannot change the plan are not read.
    const due = queued >= QUEUED_ENOUGH ? 0 : await store.countDue(destination, untilMs, QUEUED_ENOUGH);
    const first = isPastRepublished(takenUntilMs, memory)
      ? (await store.duePending(destination, untilMs, 1, null)).deliveries[0]
      : undefined;
    return { due, queued, takenUntilMs, oldestDueAtMs: first?.dueAtMs ?? null };
  };

  /** @returns where it ended, or null if nothing is left */
  const republish = async (destination: string, limit: number, untilMs: number, after: string | null) => {
    let left = limit;
    let at = after;
    do {
      const page = await store.duePending(destination, untilMs, Math.min(PAGE, left), at);
      const entries = page.deliveries.map(({ deliveryId }) => ({ destination, deliveryId }));
      // The deliveries may have been taken since they were counted.
      if (entries.length === 0) return null;
      const { published, dropped } = await queue.publish(entries);
      emit({ type: 'queue.republished', destination, count: published });
      // The broker is away or full: what it did not take is still missing.
      if (dropped > 0) return at;
      left -= entries.length;
      at = page.next;
    } while (left > 0 && at !== null);
    return at;
  };

  const sweepOne = async (depth: QueueDepth) => {
    const { destination } = depth;
    const nowMs = clock.nowMs();
    const known = memories.get(destination) ?? { after: null, republishedAtMs: nowMs };
    // A time in the future is from before a step of the clock.
    const memory = { ...known, republishedAtMs: Math.min(known.republishedAtMs, nowMs) };
    const reading = await readDestination(depth, memory, nowMs - GRACE_MS);
    const plan = planSweep(reading, memory, nowMs);
    if (plan.kind === 'rest') {
      memories.set(destination, { ...memory, after: null });
      return;
    }
    const after = await republish(destination, plan.limit, plan.untilMs, plan.after);
    memories.set(destination, {
      after: plan.kind === 'missing' ? after : null,
      republishedAtMs: clock.nowMs(),
    });
  };

  const sweep = async () => {
    try {
      if ((await store.tryLead()) === 'follower') {
        memories.clear();
        return;
      }
      const reading = await queue.depth();
      if (reading.kind === 'unknown') return;
      for (const depth of reading.depths) if (!isClosed(depth.destination)) await sweepOne(depth);
    } catch (error) {
      emit({ type: 'store.failed', operation: 'sweep', error: error as Error });
    }
  };
  return { ...createRunLoop(clock, PAUSE_MS, 'at once', sweep), sweep };
}
