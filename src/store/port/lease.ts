import type { Attempt } from '../../domain/attempt.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Lease } from '../../domain/lease.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { TransactionWork } from '../../domain/transaction.ts';

export type ClaimRequest = Readonly<{
  /** How many deliveries each destination may take now. */
  limits: readonly Readonly<{ destination: string; limit: number }>[];
  /** Fences this claim; unique for ever. */
  token: string;
  nowMs: number;
  leaseUntilMs: number;
}>;

/** A claimed delivery with everything that a handler needs. `attempts` counts the finished ones. */
export type Leased = Readonly<{
  lease: Lease;
  destination: string;
  attempts: number;
  event: WebhookEvent;
  /** The id of the delivery that it is sent as, see Delivery. */
  sentAs: string;
}>;

export type ClaimOutcome = Readonly<{
  leased: readonly Leased[];
  /** When the next delivery of these destinations is due (in the past if a limit left one behind), or null. */
  nextDueAtMs: number | null;
}>;

/** A delivery whose lease has expired and that is still `processing` under its old token. */
export type ExpiredLease = Readonly<{
  lease: Lease;
  source: string;
  destination: string;
  attempts: number;
  leasedAtMs: number;
}>;

export interface LeaseStore {
  /** Leases due pending deliveries, longest due first, within each destination's limit. */
  claim(request: ClaimRequest): Promise<ClaimOutcome>;
  /** Moves the end of a lease. `lost`: the token is no longer the delivery's. */
  extend(lease: Lease, untilMs: number): Promise<'extended' | 'lost'>;
  /**
   * Ends a lease. `attempt` is appended and `attempts` incremented unless it is null (a release charges nothing).
   * `lost`: the token is no longer the delivery's, and nothing changed. A delivery with an order key that is completed,
   * or has failed without blocking its key, passes its turn to the delivery that was accepted next.
   */
  settle(
    lease: Lease,
    settlement: Settlement,
    attempt: Attempt | null,
    nowMs: number,
  ): Promise<'settled' | 'lost'>;
  /** Leases that ended at or before `untilMs`, oldest first. */
  expired(untilMs: number, limit: number): Promise<readonly ExpiredLease[]>;
}

/** The attempt that a completion ends. */
export type Finish = Readonly<{ attempt: Attempt; nowMs: number }>;

export interface CompleteStore {
  /**
   * Runs `work` in a transaction that completes the lease's delivery: its writes through `tx` and the completion commit
   * together or not at all. Resolves only when the commit is durable.
   *
   * `lost`: the token is no longer the delivery's, and nothing was written; the work may not even have begun. An error
   * of the work, or a misuse of `tx` (TransactionError), rolls back and rejects. `finish` is called after the work, and
   * says when it ended. If the signal aborts before the commit, the transaction is rolled back and the call rejects with
   * the signal's reason; once the commit has begun, its outcome stands.
   */
  completeWithin(
    lease: Lease,
    work: TransactionWork,
    finish: () => Finish,
    signal?: AbortSignal,
  ): Promise<'completed' | 'lost'>;
}
