import { type AttemptOutcome, boundedError } from './attempt.ts';
import type { DeliveryStatus } from './delivery.ts';
import type { OnFailure } from './order.ts';
import { type RetryPolicy, retryDelayMs } from './retry-policy.ts';

/** The one way out of `processing`. `released` gives the delivery back without charging a try. */
export type Settlement =
  | Readonly<{ kind: 'completed' }>
  | Readonly<{ kind: 'retry'; dueAtMs: number; error: string }>
  /** `blocksKey`: if it has an order key, it keeps the turn, and those behind it wait until somebody decides. */
  | Readonly<{ kind: 'failed'; error: string; blocksKey?: boolean }>
  | Readonly<{ kind: 'released'; dueAtMs: number }>;

const STATUS_AFTER: Readonly<Record<Settlement['kind'], DeliveryStatus>> = {
  completed: 'completed',
  retry: 'pending',
  failed: 'failed',
  released: 'pending',
};

/** The status of a delivery that was settled so. */
export function statusAfter(settlement: Settlement): DeliveryStatus {
  return STATUS_AFTER[settlement.kind];
}

/** Whether a delivery with an order key still has its turn after it was settled so. */
export function hasTurnAfter(settlement: Settlement): boolean {
  return settlement.kind === 'failed' ? settlement.blocksKey === true : settlement.kind !== 'completed';
}

/** What a handler's try came to, every return and every throw normalised. */
export type TryResult = Readonly<{
  outcome: AttemptOutcome;
  error: string | null;
  httpStatus: number | null;
  responseExcerpt: string | null;
  /** The wait that a handler chose with RetryAfter, already capped; null leaves it to the policy. */
  retryAfterMs: number | null;
  /** The wait that an HTTP destination asked for, already capped. It can lengthen the policy's wait, never shorten it. */
  leastRetryMs?: number;
}>;

/**
 * Decides what becomes of a delivery after a try.
 * @param attempts finished tries, this one included
 * @param random uniform in [0, 1)
 * @param onFailure what becomes of those behind it in the order of its key
 */
export function decideSettlement(
  result: TryResult,
  attempts: number,
  policy: RetryPolicy,
  nowMs: number,
  random: number,
  onFailure: OnFailure = 'skip',
): Settlement {
  if (result.outcome === 'succeeded') return { kind: 'completed' };
  const error = boundedError(result.error ?? result.outcome);
  if (result.outcome === 'rejected' || attempts >= policy.maxAttempts) {
    return onFailure === 'block' ? { kind: 'failed', error, blocksKey: true } : { kind: 'failed', error };
  }
  const policyMs = Math.max(retryDelayMs(policy, attempts, random), result.leastRetryMs ?? 0);
  const delayMs = result.retryAfterMs ?? policyMs;
  return { kind: 'retry', dueAtMs: nowMs + delayMs, error };
}

/** The result of a try whose process or lease died under it. */
export const INTERRUPTED: TryResult = {
  outcome: 'interrupted',
  error:
    'interrupted: the process that ran this attempt ended, or lost its lease, before the attempt finished',
  httpStatus: null,
  responseExcerpt: null,
  retryAfterMs: null,
};
