/** Why an attempt is told to stop: the reason of its `cancel` signal, and of the signal that the handler has. */
export const SHUTDOWN = new DOMException('the receiver shuts down', 'AbortError');
export const LEASE_LOST = new DOMException('the lease is held by another claim', 'AbortError');
/** Another may have taken the lease back by now, so the try is not even begun. */
export const CLAIMED_TOO_LATE = new DOMException(
  'the lease ran out before the claim came back',
  'AbortError',
);
