import type { VerifyReason } from './verify/outcome.ts';

/** What happens at ingest beside the answer to a request; the events of the whole receiver include them. */
export type IngestEvent =
  /** A provider's question about the endpoint was answered as it expects. */
  | Readonly<{ type: 'handshake.answered'; source: string; handshake: string }>
  /** It was refused: it brought another secret than the one in force, or could not be what it looked like. */
  | Readonly<{ type: 'handshake.refused'; source: string; handshake: string; detail: string }>
  /** It brought the secret with which the source verifies from now on. The secret itself is told to nobody. */
  | Readonly<{ type: 'secret.kept'; source: string; handshake: string }>
  | Readonly<{ type: 'subscription.confirmed'; source: string; tries: number }>
  /** `retryAtMs` is null once it was given up. */
  | Readonly<{ type: 'subscription.failed'; source: string; error: string; retryAtMs: number | null }>
  /** A request that was not verified is kept for the operator. */
  | Readonly<{ type: 'rejected.kept'; source: string; requestId: string; reason: VerifyReason }>
  /** It was counted only: too many were being kept at once, or the store failed. */
  | Readonly<{ type: 'rejected.dropped'; source: string; reason: VerifyReason }>
  /** Of a destination with order: the event has no key where one should be, so its delivery waits for nobody. */
  | Readonly<{ type: 'order_key.missing'; source: string; destination: string }>
  | Readonly<{ type: 'store.failed'; operation: string; error: Error }>;

/** Where ingest tells them. */
export type Report = (event: IngestEvent) => void;
