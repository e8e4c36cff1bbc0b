import { MINUTE_MS, type MinuteCounts, minuteOf, sumByMinute } from '../domain/minute.ts';
import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import { createRunLoop } from '../runtime/run-loop.ts';
import type { Service } from '../runtime/service.ts';
import type { MinuteStore } from '../store/store.ts';
import { createSubscriber } from './subscriber.ts';

/** Minutes that are shown: an hour, of which the last has begun. */
const MINUTES_SHOWN = 60;
/** How long counts are kept. */
const KEPT_MS = 10_800_000;
const FLUSH_PAUSE_MS = 10_000;

type Bucket = { -readonly [Name in keyof MinuteCounts]: MinuteCounts[Name] };

export type Minutes = Readonly<{
  emit: Emit;
  /** What was counted and is not yet taken. */
  untaken(): readonly MinuteCounts[];
  /** The same; from then on it is the caller's. */
  take(): readonly MinuteCounts[];
  /** Gives back what could not be stored. */
  giveBack(counts: readonly MinuteCounts[]): void;
}>;

/** Counts in memory what this process sees. An accept costs an increment. */
export function createMinutes(clock: Pick<Clock, 'nowMs'>): Minutes {
  let buckets: Bucket[] = [];
  const now = (): Bucket => {
    const minuteMs = minuteOf(clock.nowMs());
    const newest = buckets.at(-1);
    // A clock that stepped back counts into the minute that it had reached.
    if (newest !== undefined && newest.minuteMs >= minuteMs) return newest;
    const bucket = { minuteMs, accepted: 0, rejected: 0, failed: 0 };
    buckets.push(bucket);
    if (buckets.length > MINUTES_SHOWN) buckets.shift();
    return bucket;
  };
  return {
    emit: createSubscriber({
      'event.accepted': () => {
        now().accepted += 1;
      },
      'event.rejected': () => {
        now().rejected += 1;
      },
      'attempt.finished': ({ settlement }) => {
        if (settlement === 'failed') now().failed += 1;
      },
      'lease.reclaimed': ({ settlement }) => {
        if (settlement === 'failed') now().failed += 1;
      },
    }),
    untaken: () => buckets,
    take() {
      const taken = buckets;
      buckets = [];
      return taken;
    },
    giveBack(counts) {
      buckets = sumByMinute([...counts, ...buckets]).slice(-MINUTES_SHOWN);
    },
  };
}

export type MinuteParts = Readonly<{
  minutes: Minutes;
  store: MinuteStore;
  clock: Clock;
  /** Names this process among those that share the store. */
  instanceId: string;
  emit: Emit;
}>;

/** Stores every ten seconds what was counted, if anything, and the rest at the end. */
export function createMinuteFlush({ minutes, store, clock, instanceId, emit }: MinuteParts): Service {
  const flush = async () => {
    const counts = minutes.take();
    if (counts.length === 0) return;
    try {
      await store.addMinutes(instanceId, counts, clock.nowMs() - KEPT_MS);
    } catch (error) {
      minutes.giveBack(counts);
      emit({ type: 'store.failed', operation: 'minutes', error: error as Error });
    }
  };
  const loop = createRunLoop(clock, FLUSH_PAUSE_MS, 'after a pause', flush);
  return {
    start: () => loop.start(),
    async stop() {
      await loop.stop();
      await flush();
    },
  };
}

/** What all processes counted in each of the last sixty minutes, oldest first; of the others up to their last flush. */
export async function lastHour({
  minutes,
  store,
  clock,
}: Pick<MinuteParts, 'minutes' | 'store' | 'clock'>): Promise<readonly MinuteCounts[]> {
  const newestMs = minuteOf(clock.nowMs());
  const oldestMs = newestMs - (MINUTES_SHOWN - 1) * MINUTE_MS;
  const stored = await store.readMinutes(oldestMs);
  const counted = new Map(sumByMinute([...stored, ...minutes.untaken()]).map((one) => [one.minuteMs, one]));
  return Array.from({ length: MINUTES_SHOWN }, (_, at) => {
    const minuteMs = oldestMs + at * MINUTE_MS;
    return counted.get(minuteMs) ?? { minuteMs, accepted: 0, rejected: 0, failed: 0 };
  });
}
