import type { AlertKind } from './domain/alert.ts';
import type { AttemptOutcome } from './domain/attempt.ts';
import type { Counts, OperationKind, OperationState } from './domain/operation.ts';
import type { Settlement } from './domain/settlement.ts';
import type { SpanReport } from './trace/span-drops.ts';
import type { Traced } from './trace/tracing.ts';
import { VERIFY_REASONS } from './verify/outcome.ts';

/**
 * Why a request was refused. One word per case, in logs and the metric's label. Problem replies use the same words,
 * except `unverified` for every verification failure.
 */
export const REJECTION_REASONS = [
  'malformed_json',
  'invalid',
  'unsupported_media_type',
  'too_large',
  'unknown_source',
  'queue_full',
  'disk_low',
  'overloaded',
  'store_error',
  'shutting_down',
  'aborted',
  'keys_unavailable',
  ...VERIFY_REASONS,
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** Why no destination wanted an event, in logs and the metric's label. */
export const UNROUTED_REASONS = ['no_match', 'type_unknown', 'unreadable'] as const;
export type UnroutedReason = (typeof UNROUTED_REASONS)[number];

/**
 * How a duplicate was recognised: by an id that the sender gave, by a key made of the body, or by a replay mark. In logs and
 * the metric's label.
 */
export const DUPLICATE_BY = ['key', 'body', 'mark'] as const;
export type DuplicateBy = (typeof DUPLICATE_BY)[number];

/** Why a request to the admin surface was refused before its role was known. In the log and the metric's label. */
export const LOGIN_FAILURES = ['missing', 'wrong'] as const;
export type LoginFailure = (typeof LOGIN_FAILURES)[number];

/** Events of ingest beside the answer to a request. */
type IngestEvent =
  /** A provider's question about the endpoint was answered. */
  | Readonly<{ type: 'handshake.answered'; source: string; handshake: string }>
  /** A handshake was refused: it carried another secret than the one in force, or was malformed. */
  | Readonly<{ type: 'handshake.refused'; source: string; handshake: string; detail: string }>
  /** A handshake delivered the secret with which the source verifies from now on. The secret itself is in no event. */
  | Readonly<{ type: 'secret.kept'; source: string; handshake: string }>
  | Readonly<{ type: 'subscription.confirmed'; source: string; tries: number }>
  /** `retryAtMs` is null once the confirmation was given up. */
  | Readonly<{ type: 'subscription.failed'; source: string; error: string; retryAtMs: number | null }>
  /** A request that failed verification is kept for the operator. */
  | Readonly<{ type: 'rejected.kept'; source: string; requestId: string; reason: RejectionReason }>
  /** Such a request was only counted: too many were being kept at once, or the store failed. */
  | Readonly<{ type: 'rejected.dropped'; source: string; reason: RejectionReason }>
  /** The event has no order key for a destination with order, so its delivery waits for no other. */
  | Readonly<{ type: 'order_key.missing'; source: string; destination: string }>
  /** An event is stored and completed without any delivery. */
  | Readonly<{
      type: 'event.unrouted';
      eventId: string;
      source: string;
      eventType: string;
      reason: UnroutedReason;
    }>
  | Readonly<{ type: 'store.failed'; operation: string; error: Error }>;

/** Events of searches, those of bulk operations and exports included. */
type SearchEvent =
  /** One has begun or ended: so many run in this process now. */
  | Readonly<{ type: 'search.running'; searches: number }>
  | Readonly<{ type: 'search.sliced'; durationMs: number; rows: number }>
  /** One did not come to its turn in time. */
  | Readonly<{ type: 'search.refused' }>;

/** Events of bulk operations. */
type OperationEvent =
  /** This process works on the operation from now on: it counts, runs or takes it back. */
  | Readonly<{ type: 'operation.claimed'; id: string; kind: OperationKind; state: OperationState }>
  /** This process does not work on it any more. */
  | Readonly<{ type: 'operation.left'; id: string; kind: OperationKind }>
  /** A step is durable. `outcomes`: of its targets, by what became of them. */
  | Readonly<{ type: 'operation.stepped'; id: string; kind: OperationKind; outcomes: Counts }>
  /** It waits, or goes on (null). */
  | Readonly<{ type: 'operation.waits'; id: string; kind: OperationKind; waitsFor: 'queue' | 'lag' | null }>
  /** Its present part is over: `planned` is counted. */
  | Readonly<{
      type: 'operation.ended';
      id: string;
      kind: OperationKind;
      state: OperationState;
      count: number;
    }>
  /** The operation is taken up again after a pause. */
  | Readonly<{ type: 'operation.failed'; id: string; kind: OperationKind; error: Error }>;

/** Everything that the core reports. Subscribers (log, metrics) choose the words; the core never formats. */
export type ReceiverEvent = Traced & CoreEvent;

type CoreEvent =
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
      by: DuplicateBy;
      /** The key of the event, and that of the request. */
      idempotencyKey: string;
      key: string;
      /** The body differs from the first one's. */
      conflict: boolean;
      durationMs: number;
    }>
  /** `source` is null when the request named no source that exists. `detail` never holds payload or secrets. */
  | Readonly<{ type: 'event.rejected'; source: string | null; reason: RejectionReason; detail: string }>
  | IngestEvent
  | SearchEvent
  | OperationEvent
  | Readonly<{
      type: 'attempt.finished';
      eventId: string;
      deliveryId: string;
      source: string;
      eventType: string;
      destination: string;
      attempt: number;
      outcome: AttemptOutcome;
      /** How the delivery was settled. */
      settlement: Settlement['kind'];
      error: string | null;
      httpStatus: number | null;
      durationMs: number;
      /** From acceptance to the start of this attempt. */
      waitedMs: number;
      /** When the next attempt is due, for settlement `retry`. */
      dueAtMs: number | null;
    }>
  /** Another claim holds the delivery now; the result of this attempt was dropped. */
  | Readonly<{ type: 'lease.lost'; eventId: string; deliveryId: string; source: string; destination: string }>
  /** A lease whose holder died was taken back, and the delivery charged an attempt. */
  | Readonly<{
      type: 'lease.reclaimed';
      eventId: string;
      source: string;
      deliveryId: string;
      destination: string;
      attempt: number;
      settlement: Settlement['kind'];
    }>
  /** A delivery was released uncharged, at shutdown. */
  | Readonly<{
      type: 'delivery.released';
      eventId: string;
      deliveryId: string;
      source: string;
      destination: string;
    }>
  /** A handler has ended that had gone on after its attempt timed out. */
  | Readonly<{
      type: 'handler.overran';
      eventId: string;
      deliveryId: string;
      source: string;
      destination: string;
      overranMs: number;
    }>
  /** The wall clock was set, by so much against the monotonic clock; negative for a step back. */
  | Readonly<{ type: 'clock.stepped'; stepMs: number }>
  /** Deliveries whose due times a clock that was ahead had set are due as if it had been right. */
  | Readonly<{ type: 'delivery.rescheduled'; destination: string; count: number }>
  | Readonly<{ type: 'store.committed'; operations: number; durationMs: number }>
  /** A reader has kept SQLite's -wal file from being reused for so long; 0 once it no longer does. */
  /** The breaker of a destination has opened, or closed after a probe that was answered. */
  | Readonly<{ type: 'destination.tripped'; destination: string }>
  | Readonly<{ type: 'destination.closed'; destination: string }>
  /** The file system has less free space than must be left, or again enough. */
  | Readonly<{ type: 'store.disk_low'; isLow: boolean }>
  | Readonly<{ type: 'store.wal_held'; heldMs: number; walBytes: number }>
  /** How far this process's clock is ahead of the store's; negative when behind. */
  | Readonly<{ type: 'store.clock_skew'; skewMs: number }>
  /** How long a transaction has held the oldest snapshot in the database; 0: none. */
  | Readonly<{ type: 'store.oldest_snapshot'; ageMs: number }>
  /** The start waits for a lock of a table, which a long reader has, to bring the schema up to date. */
  | Readonly<{ type: 'store.migration_waits'; waitedMs: number }>
  /** The database server has no connection left for this process, which goes on with those that it has open. */
  | Readonly<{ type: 'store.connections_refused'; open: number }>
  /** An index that searches use is built beside the work, is there, or could not be built: then it is tried again. */
  | Readonly<{ type: 'store.index_build'; name: string; state: 'building' | 'built' }>
  | Readonly<{ type: 'store.index_failed'; error: Error }>
  /** Whether this process leads; read with each look for expired leases. */
  | Readonly<{ type: 'store.leadership'; leads: boolean }>
  /** The sweep finds the dropped entries. */
  | Readonly<{ type: 'queue.published'; published: number; dropped: number }>
  /** The sweep published deliveries that were due without a message. */
  | Readonly<{ type: 'queue.republished'; destination: string; count: number }>
  | Readonly<{ type: 'queue.connected' }>
  /** The connection with the broker was lost or could not be made. Deliveries are claimed from the store meanwhile. */
  | Readonly<{ type: 'queue.failed'; error: Error }>
  /** Nothing is deleted since the clock is ahead by so much; `held` is false once clean-ups run again. */
  | Readonly<{ type: 'cleanup.held'; kind: 'events' | 'rejected' | 'audit'; held: boolean; aheadMs: number }>
  /** The number and the hash of the newest row of the audit: the hash vouches for all rows before it. */
  | Readonly<{ type: 'audit.head'; rows: number; head: string }>
  /** An alert has begun or is over: it is stored for so many destinations. */
  | Readonly<{
      type: 'alert.changed';
      kind: AlertKind;
      subject: string;
      edge: 'raised' | 'over';
      message: string;
      destinations: number;
    }>
  /** How many alerts of each kind are on, as the node that watches has found; on other nodes none. */
  | Readonly<{ type: 'alerts.looked'; active: ReadonlyMap<AlertKind, number> }>
  /** A source was compared with what its provider says it sent; `error` says why it ended early. */
  | Readonly<{
      type: 'reconcile.ended';
      source: string;
      provider: string;
      apply: boolean;
      atMs: number;
      error: string | null;
      listed: number;
      missing: number;
      fetched: number;
      requested: number;
    }>
  | Readonly<{ type: 'cleanup.batch'; deleted: number }>
  | Readonly<{ type: 'cleanup.finished'; deleted: number; durationMs: number }>
  /** Spans were sent to the collector, or were not: the queue was full, the export failed, or the process stopped. */
  | SpanReport
  /** A request to the admin surface had no token, or one that is not known. */
  | Readonly<{ type: 'login.failed'; address: string; reason: LoginFailure }>
  /**
   * A configuration took effect: at the start, where `by` is null, or by a reload. `needsRestart` names what only a restart
   * lets take effect.
   */
  | Readonly<{
      type: 'config.in_effect';
      digest: string;
      by: string | null;
      changes: readonly string[];
      needsRestart: readonly string[];
    }>
  /** A reload found mistakes and changed nothing. */
  | Readonly<{ type: 'config.rejected'; by: string; message: string }>
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
