/** When and how often a failed try is repeated. */
export type RetryPolicy = Readonly<{
  /** Tries in all, the first included. */
  maxAttempts: number;
  baseDelayMs: number;
  maxDelayMs: number;
  /** Share of the delay by which it may be longer or shorter, 0 to 1. */
  jitter: number;
}>;

/**
 * The wait before the next try: `min(base * 2^attempts, max)`, spread by +-jitter so that a destination that
 * comes back is not hit by everything at once.
 * @param attempts finished tries, the one that just failed included
 * @param random uniform in [0, 1)
 * @returns whole milliseconds, in [delay * (1 - jitter), delay * (1 + jitter)]
 */
export function retryDelayMs(policy: RetryPolicy, attempts: number, random: number): number {
  const delayMs = Math.min(policy.baseDelayMs * 2 ** attempts, policy.maxDelayMs);
  return Math.round(delayMs * (1 + policy.jitter * (2 * random - 1)));
}
