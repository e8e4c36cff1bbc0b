import { type AttemptOutcome, boundedError } from './attempt.ts';
import type { DeliveryStatus } from './delivery.ts';
import type { OnFailure } from './order.ts';
import { type RetryPolicy, retryDelayMs } from './retry-policy.ts';

/** The only way out of `processing`. `released` returns the delivery without charging an attempt. */
export type Settlement =
  | Readonly<{ kind: 'completed' }>
  | Readonly<{ kind: 'retry'; dueAtMs: number; error: string }>
  /** `blocksKey`: a delivery with an order key keeps its turn, and the ones behind it wait until an operator decides. */
  | Readonly<{ kind: 'failed'; error: string; blocksKey?: boolean }>
  | Readonly<{ kind: 'released'; dueAtMs: number }>;

const STATUS_AFTER: Readonly<Record<Settlement['kind'], DeliveryStatus>> = {
  completed: 'completed',
  retry: 'pending',
  failed: 'failed',
  released: 'pending',
};

/** A delivery's status after the settlement. */
export function statusAfter(settlement: Settlement): DeliveryStatus {
  return STATUS_AFTER[settlement.kind];
}

/** Whether a delivery with an order key still holds its turn after the settlement. */
export function hasTurnAfter(settlement: Settlement): boolean {
  return settlement.kind === 'failed' ? settlement.blocksKey === true : settlement.kind !== 'completed';
}

/** The result of an attempt, with every return and throw of a handler normalised. */
export type TryResult = Readonly<{
  outcome: AttemptOutcome;
  error: string | null;
  httpStatus: number | null;
  responseExcerpt: string | null;
  /** The wait that a handler chose with RetryAfter, already capped; null leaves it to the policy. */
  retryAfterMs: number | null;
  /** The wait that an HTTP destination asked for, already capped. It can lengthen the policy's wait, never shorten it. */
  leastRetryMs?: number;
  /** The destination gave no answer: no connection, or none that lasted until the answer. */
  isUnanswered?: true;
}>;

/**
 * Decides how a delivery goes on after an attempt.
 * @param attempts finished attempts, including this one
 * @param random uniform in [0, 1)
 * @param onFailure what happens to the deliveries behind it with the same order key
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

/** The result of an attempt whose process or lease ended first. */
export const INTERRUPTED: TryResult = {
  outcome: 'interrupted',
  error:
    'interrupted: the process that ran this attempt ended, or lost its lease, before the attempt finished',
  httpStatus: null,
  responseExcerpt: null,
  retryAfterMs: null,
};
