import { z } from 'zod';
import { slowStartShare } from '../../domain/breaker.ts';
import type { Destination } from '../../domain/destination.ts';
import { type DestinationState, expire, standingAt } from '../../domain/destination-state.ts';
import { NEVER_MS } from '../../domain/order.ts';
import { rateText } from '../../domain/rate.ts';
import type { Shown } from '../../ingest/mask.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { BrowseStore, QueuedStore, StoreStats } from '../../store/store.ts';
import { time, timeText } from '../schemas.ts';
import { shownError } from './shown-request.ts';

export type DestinationBodyParts = Readonly<{
  store: Pick<BrowseStore, 'stats' | 'listDeadLetters'> & Pick<QueuedStore, 'duePending'>;
  states: Readonly<{ of(destination: string): DestinationState }>;
  clock: Clock;
}>;

const nullableTime = time.nullable();
export const destinationSchema = z.object({
  name: z.string(),
  state: z.enum(['open', 'held', 'tripped']).describe('`held` by an operator, `tripped` by the breaker.'),
  reason: z.string().nullable().describe('Of the hold, or why the breaker opened.'),
  since: nullableTime.describe('Since when it is held or tripped.'),
  until: nullableTime.describe('When the hold ends by itself.'),
  pending: z.int().min(0),
  held: z.int().min(0).describe('Pending ones that count against HELD_MAXSIZE.'),
  processing: z.int().min(0),
  failed: z.int().min(0),
  oldest_age_seconds: z
    .number()
    .min(0)
    .nullable()
    .describe('Age of the pending delivery that is due longest.'),
  rate: z
    .object({
      configured: z.string().nullable(),
      override: z.string().nullable(),
      override_until: nullableTime,
    })
    .describe('Deliveries a second; the override is in force, if there is one.'),
  breaker: z
    .object({
      failures: z.int().min(0).describe('Failures without an answer between them.'),
      opens_at: z.int().min(1),
      probes: z.int().min(0).describe('Probes that have failed since it opened.'),
      next_probe_at: nullableTime,
      slow_start: z.number().describe('The share of its rate or concurrency that it gets, up to 1.'),
    })
    .nullable()
    .describe('Null without a breaker.'),
  last_error: z
    .string()
    .nullable()
    .describe(
      'Of the last failure that said that the destination is down, else of the newest dead letter; `[redacted]` of the latter for a viewer.',
    ),
});

/** A destination as it is shown to whoever sees that much of requests: errors may quote them. */
export async function destinationBody(
  { store, states, clock }: DestinationBodyParts,
  { name, rate, breaker }: Destination,
  stats: StoreStats,
  shown: Shown,
): Promise<z.output<typeof destinationSchema>> {
  const nowMs = clock.nowMs();
  const state = expire(states.of(name), nowMs);
  const { hold, trip, failures } = state;
  const countOf = (status: string) =>
    stats.counts.find((one) => one.destination === name && one.status === status)?.count ?? 0;
  const pending = countOf('pending');
  const failed = countOf('failed');
  const [first] = pending === 0 ? [] : (await store.duePending(name, NEVER_MS - 1, 1, null)).deliveries;
  const sinceMs = hold?.sinceMs ?? trip?.sinceMs ?? null;
  const atOrNull = (ms: number | null | undefined) => (ms == null ? null : timeText(ms));
  return {
    name,
    state: standingAt(state, nowMs),
    reason: hold === null ? (trip?.error ?? null) : hold.reason,
    since: atOrNull(sinceMs),
    until: atOrNull(hold?.untilMs),
    pending,
    held: stats.held.find(({ destination }) => destination === name)?.count ?? 0,
    processing: countOf('processing'),
    failed,
    oldest_age_seconds: first === undefined ? null : Math.max(0, nowMs - first.dueAtMs) / 1000,
    rate: {
      configured: rate === null ? null : rateText(rate),
      override: state.rate === null ? null : rateText(state.rate.perSecond),
      override_until: atOrNull(state.rate?.untilMs),
    },
    breaker:
      breaker === null
        ? null
        : {
            failures: failures.count,
            opens_at: breaker.failures,
            probes: trip?.probes ?? 0,
            next_probe_at: atOrNull(trip?.nextProbeAtMs),
            slow_start: slowStartShare(state, nowMs),
          },
    last_error:
      trip?.error ?? failures.error ?? (failed === 0 ? null : await newestError(store, name, shown)),
  };
}

/** Why the newest dead letter failed; null where only replayed ones are left. */
async function newestError(
  store: DestinationBodyParts['store'],
  destination: string,
  shown: Shown,
): Promise<string | null> {
  const { deliveries } = await store.listDeadLetters(1, null, { destination });
  return deliveries[0] === undefined ? null : shownError(deliveries[0].lastError, shown);
}
