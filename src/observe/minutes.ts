import type { Emit } from '../events.ts';
import type { Clock } from '../runtime/clock.ts';
import { createSubscriber } from './subscriber.ts';

const MINUTE_MS = 60_000;
/** Minutes that are kept: an hour, and the one that has begun. */
const MINUTES_KEPT = 61;

/** What a process saw within a minute of the clock. */
export type MinuteCounts = Readonly<{ minuteMs: number; accepted: number; rejected: number; failed: number }>;

type Bucket = { -readonly [Name in keyof MinuteCounts]: MinuteCounts[Name] };

/** Counts of this process by minute, of the last hour. */
export type Minutes = Readonly<{ emit: Emit; last: () => readonly MinuteCounts[] }>;

/** Counts events that are accepted, requests that are rejected and deliveries that are given up. Each costs an increment. */
export function createMinutes(clock: Pick<Clock, 'nowMs'>): Minutes {
  const buckets: Bucket[] = [];
  const now = (): Bucket => {
    const minuteMs = Math.floor(clock.nowMs() / MINUTE_MS) * MINUTE_MS;
    const newest = buckets.at(-1);
    // A clock that stepped back counts into the minute that it had reached.
    if (newest !== undefined && newest.minuteMs >= minuteMs) return newest;
    const bucket = { minuteMs, accepted: 0, rejected: 0, failed: 0 };
    buckets.push(bucket);
    if (buckets.length > MINUTES_KEPT) buckets.shift();
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
    last() {
      const newestMs = Math.floor(clock.nowMs() / MINUTE_MS) * MINUTE_MS;
      const counted = new Map(buckets.map((bucket) => [bucket.minuteMs, bucket]));
      return Array.from({ length: MINUTES_KEPT - 1 }, (_, at) => {
        const minuteMs = newestMs - (MINUTES_KEPT - 2 - at) * MINUTE_MS;
        return { accepted: 0, rejected: 0, failed: 0, ...counted.get(minuteMs), minuteMs };
      });
    },
  };
}
