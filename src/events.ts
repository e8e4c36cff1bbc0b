import type { AttemptOutcome } from './domain/attempt.ts';
import type { Settlement } from './domain/settlement.ts';
import { VERIFY_REASONS, type VerifyReason } from './verify/outcome.ts';

/**
 * Why a request was refused. One word per case, in logs and the metric's label; problem replies have the same words,
 * and `unverified` for all that a verification says.
 */
export const REJECTION_REASONS = [
  'malformed_json',
  'invalid',
  'unsupported_media_type',
  'too_large',
  'unknown_source',
  'queue_full',
  'overloaded',
  'store_error',
  'shutting_down',
  'aborted',
  'keys_unavailable',
  ...VERIFY_REASONS,
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** What happens at ingest beside the answer to a request; the events of the whole receiver include them. */
type IngestEvent =
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

/** What the core tells about itself. Subscribers (log, metrics) choose the words; the core never formats. */
export type ReceiverEvent =
  | Readonly<{
      type: 'event.accepted';
      eventId: string;
      source: string;
      eventType: string;
      deliveries: number;
      bodyBytes: number;
      durationMs: number;
    }>
  | Readonly<{
      type: 'event.duplicate';
      eventId: string;
      source: string;
      /** The body differs from the first one's. */
      conflict: boolean;
      durationMs: number;
    }>
  /** `source` is null when the request named none that exists. `detail` never holds payload or secrets. */
  | Readonly<{ type: 'event.rejected'; source: string | null; reason: RejectionReason; detail: string }>
  | IngestEvent
  | Readonly<{
      type: 'attempt.finished';
      eventId: string;
      deliveryId: string;
      source: string;
      eventType: string;
      destination: string;
      attempt: number;
      outcome: AttemptOutcome;
      /** What became of the delivery. */
      settlement: Settlement['kind'];
      error: string | null;
      httpStatus: number | null;
      durationMs: number;
      /** From acceptance to the start of this attempt. */
      waitedMs: number;
      /** When it is tried again, for settlement `retry`. */
      dueAtMs: number | null;
    }>
  /** Somebody else holds the delivery now; what this attempt came to was dropped. */
  | Readonly<{ type: 'lease.lost'; eventId: string; deliveryId: string; source: string; destination: string }>
  /** A lease whose holder died was taken back and charged. */
  | Readonly<{
      type: 'lease.reclaimed';
      eventId: string;
      source: string;
      deliveryId: string;
      destination: string;
      attempt: number;
      settlement: Settlement['kind'];
    }>
  /** Given back uncharged, at shutdown. */
  | Readonly<{
      type: 'delivery.released';
      eventId: string;
      deliveryId: string;
      source: string;
      destination: string;
    }>
  /** A handler went on after its attempt had timed out; it has now ended. */
  | Readonly<{
      type: 'handler.overran';
      eventId: string;
      deliveryId: string;
      source: string;
      destination: string;
      overranMs: number;
    }>
  | Readonly<{ type: 'store.committed'; operations: number; durationMs: number }>
  /** How far this process's clock is ahead of the store's; negative when behind. */
  | Readonly<{ type: 'store.clock_skew'; skewMs: number }>
  /** Asked with each look for expired leases. Somebody has to lead. */
  | Readonly<{ type: 'store.leadership'; leads: boolean }>
  /** Dropped ones are found by the sweep. */
  | Readonly<{ type: 'queue.published'; published: number; dropped: number }>
  /** The sweep found them due and without a message. */
  | Readonly<{ type: 'queue.republished'; destination: string; count: number }>
  | Readonly<{ type: 'queue.connected' }>
  /** The broker was lost, or could not be reached. Deliveries are claimed from the store meanwhile. */
  | Readonly<{ type: 'queue.failed'; error: Error }>
  | Readonly<{ type: 'cleanup.batch'; deleted: number }>
  | Readonly<{ type: 'cleanup.finished'; deleted: number; durationMs: number }>
  | Readonly<{ type: 'receiver.notice'; message: string; details?: Readonly<Record<string, unknown>> }>
  | Readonly<{ type: 'receiver.warning'; message: string; details?: Readonly<Record<string, unknown>> }>
  | Readonly<{ type: 'receiver.failed'; message: string; error: Error }>;

export type Emit = (event: ReceiverEvent) => void;

/** Hands each event to every subscriber, in order. */
export function createEmitter(subscribers: readonly Emit[]): Emit {
  const [only, ...others] = subscribers;
  if (only === undefined) return () => {};
  if (others.length === 0) return only;
  return (event) => {
    for (const subscriber of subscribers) subscriber(event);
  };
}
