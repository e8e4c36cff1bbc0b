/** A claim on a delivery. The token is the fence: only its holder may settle, and a replaced token changes nothing. */
export type Lease = Readonly<{
  deliveryId: string;
  token: string;
  untilMs: number;
  /** The delivery's order key, whose turn it holds; null without order. */
  orderKey: string | null;
}>;

export function isExpired(lease: Lease, nowMs: number): boolean {
  return lease.untilMs <= nowMs;
}
