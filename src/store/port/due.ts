import type { Leased } from './lease.ts';

export type DueDelivery = Readonly<{ deliveryId: string; dueAtMs: number }>;

/** A page of due deliveries, longest due first; `next` is the cursor of the next page. */
export type DuePage = Readonly<{ deliveries: readonly DueDelivery[]; next: string | null }>;

/** Claims deliveries by id instead of by due time: for ids that came out of a queue. */
export type ClaimByIdsRequest = Readonly<{
  deliveryIds: readonly string[];
  /** Fences this claim; unique for ever. */
  token: string;
  nowMs: number;
  leaseUntilMs: number;
}>;

export type ClaimByIdsOutcome = Readonly<{
  leased: readonly Leased[];
  /** Pending, but due only later. */
  early: readonly DueDelivery[];
  /** Not looked at: the payloads before them reached the most that one claim takes. */
  left: readonly string[];
}>;

/** For a queue of delivery ids beside the store. Counts and lists may be a moment behind. */
export interface QueuedStore {
  /**
   * Leases the deliveries that are pending and due, in the order of the ids, each once. Unknown ids, and deliveries that
   * wait for their turn, are skipped.
   */
  claimByIds(request: ClaimByIdsRequest): Promise<ClaimByIdsOutcome>;
  /** Counts the deliveries of the destination that are pending and due at `untilMs`, up to `limit`. */
  countDue(destination: string, untilMs: number, limit: number): Promise<number>;
  /** Lists these deliveries, longest due first; `after` is the `next` of the previous page. */
  duePending(destination: string, untilMs: number, limit: number, after: string | null): Promise<DuePage>;
}

/** What a page of rescheduling came to; `next` continues it. */
export type ReschedulePage = Readonly<{ rescheduled: number; next: string | null }>;

export interface RescheduleStore {
  /**
   * Repairs due times that a clock ahead of `nowMs` has set: of the destination's pending deliveries that are due after
   * `nowMs`, a first attempt is due at `nowMs`, and a later one that was scheduled after `nowMs` is due at `nowMs` plus
   * the wait that it was given. Looks at up to `limit` of them, the first due first; `after` is the `next` of the page
   * before. Deliveries that wait for the turn of their order key stay as they are.
   */
  reschedule(
    destination: string,
    nowMs: number,
    limit: number,
    after: string | null,
  ): Promise<ReschedulePage>;
}
