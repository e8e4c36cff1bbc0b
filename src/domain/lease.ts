/** A claim on a delivery. Whoever holds the token may settle it; a token that was replaced can change nothing. */
export type Lease = Readonly<{
  deliveryId: string;
  token: string;
  untilMs: number;
  /** The delivery's order key, whose turn it has; null without order. */
  orderKey: string | null;
}>;

export function isExpired(lease: Lease, nowMs: number): boolean {
  return lease.untilMs <= nowMs;
}
