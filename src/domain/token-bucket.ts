/** Deliveries that may begin, of which a rate adds more with time. */
export type TokenBucket = Readonly<{ tokens: number; atMs: number }>;

/**
 * A claim that comes late by so long loses nothing: what it may take then comes on top of the rate, and with the delays of
 * a network must stay below 1.2 times the rate in any second.
 */
const BURST_SECONDS = 0.05;
/** Claims are at least so far apart: at a high rate a claim takes several. */
const CLAIM_EVERY_SECONDS = 0.02;
/** Below it a single token is all that 1.2 times the rate leaves room for. */
const FEW_PER_SECOND = 5;

export function capacityOf(perSecond: number): number {
  if (perSecond < FEW_PER_SECOND) return 1;
  return Math.min(1 + BURST_SECONDS * perSecond, 0.2 * perSecond);
}

/** The tokens that a claim waits for. */
function quantumOf(perSecond: number): number {
  return Math.max(1, Math.min(perSecond * CLAIM_EVERY_SECONDS, capacityOf(perSecond)));
}

export function refill(bucket: TokenBucket, perSecond: number, nowMs: number): TokenBucket {
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  const tokens = Math.min(capacityOf(perSecond), bucket.tokens + (passedMs / 1000) * perSecond);
  return { tokens, atMs: nowMs };
}

/** How many may be taken of a bucket that is up to date; 0 before a claim is worth it. */
export function available({ tokens }: TokenBucket, perSecond: number): number {
  return tokens + 1e-9 < quantumOf(perSecond) ? 0 : Math.floor(tokens + 1e-9);
}

/** When a claim is worth it. */
export function availableAtMs({ tokens, atMs }: TokenBucket, perSecond: number): number {
  const missing = quantumOf(perSecond) - tokens;
  return missing <= 0 ? atMs : atMs + Math.ceil((missing / perSecond) * 1000);
}
