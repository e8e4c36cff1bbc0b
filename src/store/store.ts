import type { Attempt } from '../domain/attempt.ts';
import type { Delivery, DeliveryStatus } from '../domain/delivery.ts';
import type { EventView, WebhookEvent } from '../domain/event.ts';
import type { Lease } from '../domain/lease.ts';
import type { Addressee } from '../domain/order.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { CompleteStore } from './complete-store.ts';
import type { OrderStore } from './order-store.ts';
import type { RejectedStore } from './rejected-store.ts';
import type { SourceStateStore } from './source-state-store.ts';

export type { CompleteStore, Finish } from './complete-store.ts';
export type { BlockedKey, BlockedPage, OrderStore, ReleaseOutcome } from './order-store.ts';
export type {
  RejectedBounds,
  RejectedPage,
  RejectedRequest,
  RejectedStore,
  RejectedSummary,
} from './rejected-store.ts';
export type { SourceState, SourceStateStore } from './source-state-store.ts';

/**
 * The store's port, split by role so that a caller asks for what it uses. Time is always an argument.
 * Texts are well formed and hold no NUL. Outcomes are unions; every method rejects with a StoreError when the storage itself fails, and then nothing of
 * the operation is visible.
 */
export interface Store
  extends InboxStore,
    LeaseStore,
    CompleteStore,
    QueuedStore,
    OrderStore,
    BrowseStore,
    OperateStore,
    SharedStore,
    RejectedStore,
    SourceStateStore {}

export type InsertOutcome =
  | Readonly<{ kind: 'inserted' }>
  /** The (source, idempotency key) is known, or else the mark is. `conflict`: the bytes differ from those of the first. */
  | Readonly<{ kind: 'duplicate'; event: EventView; conflict: boolean }>
  /** So many deliveries are pending that this event's would exceed the limit. Nothing was written. */
  | Readonly<{ kind: 'full' }>;

/**
 * A second name of an event, by which it is recognised when it comes again under another key: the digest (16 bytes) of
 * what its sender signed. It holds while the event that has it was received at or after `sinceMs`.
 */
export type ReplayMark = Readonly<{ digest: Uint8Array; sinceMs: number }>;

export interface InboxStore {
  /**
   * Stores the event with one pending delivery for each destination, in their order, numbered from 1, due at once.
   * Resolves only when the commit is durable. One with an order key is due only if it is the first of its destination
   * and key; else it waits for its turn.
   *
   * With a mark, an event whose key is new is a duplicate of the event of its source that has that mark, if it still
   * holds. Otherwise the mark is stored with the event, which takes it over from the one that had it. So a source has
   * one event for each mark, and a mark goes with its event: within retention they are bounded by the events.
   */
  insertEvent(
    event: WebhookEvent,
    destinations: readonly Addressee[],
    replayMark?: ReplayMark | null,
  ): Promise<InsertOutcome>;
}

export type ClaimRequest = Readonly<{
  /** How many deliveries each destination may take now. */
  limits: readonly Readonly<{ destination: string; limit: number }>[];
  /** Fences this claim; unique for ever. */
  token: string;
  nowMs: number;
  leaseUntilMs: number;
}>;

/** A claimed delivery with all that a handler needs. `attempts` are those finished before this one. */
export type Leased = Readonly<{
  lease: Lease;
  destination: string;
  attempts: number;
  event: WebhookEvent;
}>;

/** Names what to claim instead of asking for what is due longest: for ids that came out of a queue. */
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
  /** Not looked at: the payloads before them were as much as one claim takes. */
  left: readonly string[];
}>;

export type DueDelivery = Readonly<{ deliveryId: string; dueAtMs: number }>;

export type ClaimOutcome = Readonly<{
  leased: readonly Leased[];
  /** When the next delivery of the asked destinations is due (past if limits left some behind), or null. */
  nextDueAtMs: number | null;
}>;

/** A delivery whose lease ran out, still `processing` under its old token. */
export type ExpiredLease = Readonly<{
  lease: Lease;
  source: string;
  destination: string;
  attempts: number;
  leasedAtMs: number;
}>;

export interface LeaseStore {
  /** Leases due pending deliveries, the longest due first, within each destination's limit. */
  claim(request: ClaimRequest): Promise<ClaimOutcome>;
  /** Moves the end of a lease. `lost`: the token is no longer the delivery's. */
  extend(lease: Lease, untilMs: number): Promise<'extended' | 'lost'>;
  /**
   * Ends a lease. `attempt` is appended and `attempts` counted up unless it is null (a release charges nothing).
   * `lost`: the token is no longer the delivery's, and nothing changed. Of an order key the turn passes on to the one
   * that was accepted next when the delivery is completed, or failed without blocking its key.
   */
  settle(
    lease: Lease,
    settlement: Settlement,
    attempt: Attempt | null,
    nowMs: number,
  ): Promise<'settled' | 'lost'>;
  /** Leases with an end at or before `untilMs`, the oldest first. */
  expired(untilMs: number, limit: number): Promise<readonly ExpiredLease[]>;
}

/** A page of due deliveries, the longest due first; `next` continues it. */
export type DuePage = Readonly<{ deliveries: readonly DueDelivery[]; next: string | null }>;

/** What a queue of delivery ids beside the store needs. Counts and lists may be a moment behind. */
export interface QueuedStore {
  /**
   * Leases those of the deliveries that are pending and due, in the order asked for, each once. Unknown ones, and those
   * that wait for the turn of their order key, are passed over.
   */
  claimByIds(request: ClaimByIdsRequest): Promise<ClaimByIdsOutcome>;
  /** How many deliveries of the destination are pending and due at `untilMs`; counts no further than `limit`. */
  countDue(destination: string, untilMs: number, limit: number): Promise<number>;
  /** Those deliveries, the longest due first; `after` is the `next` of the page before. */
  duePending(destination: string, untilMs: number, limit: number, after: string | null): Promise<DuePage>;
}

/** A page of dead letters, newest first; `next` continues it. */
export type DeadLetterPage = Readonly<{ deliveries: readonly Delivery[]; next: string | null }>;

export type StatusCount = Readonly<{ destination: string; status: DeliveryStatus; count: number }>;

/** Of a destination with order: deliveries that wait for their turn, and keys that a failed delivery blocks. */
export type OrderCount = Readonly<{ destination: string; waiting: number; blocked: number }>;

export type StoreStats = Readonly<{
  /** Kept by the store as it writes, so reading them costs the same at any size. */
  counts: readonly StatusCount[];
  /** Kept in the same way; destinations without either are left out. */
  order: readonly OrderCount[];
  events: number;
  /** When the oldest pending delivery was created, or null. */
  oldestPendingAtMs: number | null;
  databaseBytes: number;
}>;

export interface BrowseStore {
  eventById(id: string): Promise<EventView | null>;
  eventByKey(source: string, idempotencyKey: string): Promise<EventView | null>;
  /** The event with its bytes. */
  readEvent(id: string): Promise<WebhookEvent | null>;
  deliveriesOf(eventId: string): Promise<readonly Delivery[]>;
  attemptsOf(deliveryId: string): Promise<readonly Attempt[]>;
  /** Failed deliveries, newest first; `before` is the `next` of the page before. */
  listDeadLetters(limit: number, before: string | null): Promise<DeadLetterPage>;
  stats(): Promise<StoreStats>;
}

export type PurgeOutcome = Readonly<{
  deleted: number;
  /** Continues where this batch ended; null when nothing older than the limit is left. */
  cursor: string | null;
}>;

export type ReplayOutcome =
  | Readonly<{ kind: 'replayed'; delivery: Delivery }>
  | Readonly<{ kind: 'unknown' }>
  /** Only a terminal delivery may be repeated. */
  | Readonly<{ kind: 'open'; status: DeliveryStatus }>
  | Readonly<{ kind: 'full' }>;

export interface OperateStore {
  /**
   * Deletes up to `limit` events, in the order of acceptance, received before `beforeMs` whose deliveries are all
   * terminal, with their deliveries, attempts and mark. Open ones, and those that block an order key, are passed over. Space is given back to the file system as it goes.
   */
  purge(beforeMs: number, limit: number, cursor: string | null): Promise<PurgeOutcome>;
  /**
   * Makes a new pending delivery of the same event and destination, with its next number, that points to the old one.
   * One that blocks its order key hands its turn to its replay, which is never refused for want of room; any other
   * replay waits for the turn like a new delivery, in the place of its event.
   */
  replay(deliveryId: string, nowMs: number): Promise<ReplayOutcome>;
  /** Proves that the store can commit. */
  ping(): Promise<void>;
  /** Commits what was submitted before, then refuses everything with STORE_CLOSED. */
  close(): Promise<void>;
}

/** How the processes that may share a store stand to each other. */
export interface SharedStore {
  /** No other process has this store open. So whatever is leased when a process opens it has nobody who works at it. */
  readonly exclusive: boolean;
  /**
   * Asks for, or confirms, the one leadership among the processes: the leader alone reaps and cleans up. When it dies
   * another one that asks gets it within seconds. Two may believe in it for a moment, so nothing may rest on it but
   * the sparing of work.
   */
  tryLead(): Promise<'leader' | 'follower'>;
}

/** Things that happen inside a driver and that an operator wants to see. */
export type StoreObserver = Readonly<{
  onCommit?: (operations: number, durationMs: number) => void;
  /** The driver is beyond use, and only a restart of the process mends it. */
  onFatal?: (error: Error) => void;
  /** There may be work that this process did not submit itself. A hint: it may come without work, and late, but it comes. */
  onDue?: () => void;
  /** How far this process's clock is ahead of the store's, negative when behind, as far as a round trip can tell. */
  onClockSkew?: (skewMs: number) => void;
}>;

export type StoreOptions = Readonly<{
  /** Most deliveries that may be pending; a retry is never refused. */
  maxPendingDeliveries: number;
  observer?: StoreObserver;
}>;
