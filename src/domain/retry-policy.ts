/** When and how often a failed attempt is repeated. */
export type RetryPolicy = Readonly<{
  /** Attempts in all, the first included. */
  maxAttempts: number;
  baseDelayMs: number;
  maxDelayMs: number;
  /** The share of the delay, 0 to 1, by which chance may lengthen or shorten it. */
  jitter: number;
}>;

/**
 * The wait before the next attempt: `min(base * 2^attempts, max)`, spread by +-jitter so that a destination that
 * recovers does not get all retries at once.
 * @param attempts finished attempts, including the one that just failed
 * @param random uniform in [0, 1)
 * @returns whole milliseconds, in [delay * (1 - jitter), delay * (1 + jitter)]
 */
export function retryDelayMs(policy: RetryPolicy, attempts: number, random: number): number {
  const delayMs = Math.min(policy.baseDelayMs * 2 ** attempts, policy.maxDelayMs);
  return Math.round(delayMs * (1 + policy.jitter * (2 * random - 1)));
}
