/** Why an attempt is cancelled: the reason of its `cancel` signal, and of the handler's signal. */
export const SHUTDOWN = new DOMException('the receiver shuts down', 'AbortError');
/** The claim was under way when an operator held the destination, or its breaker opened. */
export const HELD = new DOMException('the destination is held', 'AbortError');
export const LEASE_LOST = new DOMException('the lease is held by another claim', 'AbortError');
/** Another process may hold the delivery by now, so the attempt is not begun. */
export const CLAIMED_TOO_LATE = new DOMException(
  'the lease ran out before the claim came back',
  'AbortError',
);
