import type { Attempt } from '../domain/attempt.ts';
import type { Delivery, DeliveryStatus } from '../domain/delivery.ts';
import type { EventView, WebhookEvent } from '../domain/event.ts';
import type { Lease } from '../domain/lease.ts';
import type { Addressee } from '../domain/order.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { TransactionWork } from '../domain/transaction.ts';

/**
 * The store's port, split by role so that a caller asks for what it uses. Time is always an argument. Texts are well
 * formed and hold no NUL. Outcomes are unions; a method rejects with a StoreError when the storage itself fails, and
 * then nothing of the operation is visible. Overlapping calls are concurrent: a caller that needs an order awaits.
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

/** The port's asynchronous methods, by name. */
export type Method = {
  [Name in keyof Store]: Store[Name] extends (...args: never) => Promise<unknown> ? Name : never;
}[keyof Store];

/** A call of the port as one value: what batches, lanes and threads carry. A union, one member for each name. */
export type Operation<Name extends Method = Method> = {
  [Each in Name]: Readonly<{ method: Each; args: Parameters<Store[Each]> }>;
}[Name];

/** What a method resolves to. */
export type Answer<Name extends Method = Method> = Awaited<ReturnType<Store[Name]>>;

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

/** The try that a completion ends. */
export type Finish = Readonly<{ attempt: Attempt; nowMs: number }>;

export interface CompleteStore {
  /**
   * Runs `work` in a transaction that completes the lease's delivery: what it writes through `tx` and the completion
   * commit together, or neither does. Resolves only when the commit is durable.
   *
   * `lost`: the token is no longer the delivery's, and nothing was written; the work may not even have begun. What the
   * work throws comes back and rolls back, as does what it does wrong (TransactionError). `finish` is asked after the
   * work, for when it ended. An abort of the signal before the commit rolls back and rejects with its reason; once the
   * commit is under way its outcome stands.
   */
  completeWithin(
    lease: Lease,
    work: TransactionWork,
    finish: () => Finish,
    signal?: AbortSignal,
  ): Promise<'completed' | 'lost'>;
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

/** An order key whose turn a failed delivery holds: nothing behind it goes on until it is released or replayed. */
export type BlockedKey = Readonly<{
  destination: string;
  orderKey: string;
  /** The failed one. */
  deliveryId: string;
  error: string;
  /** Since when it has been failed. */
  sinceMs: number;
  /** Deliveries that wait behind it, counted no further than MAX_WAITING_COUNTED. */
  waiting: number;
}>;

/** A page by destination and key; `next` continues it. */
export type BlockedPage = Readonly<{ keys: readonly BlockedKey[]; next: string | null }>;

/** How far the deliveries behind a blocked key are counted: a list must not walk through a backlog. */
export const MAX_WAITING_COUNTED = 1_000;

export type ReleaseOutcome =
  /** `next` has the turn now and is due, or null if nothing waited. */
  | Readonly<{ kind: 'released'; deliveryId: string; next: DueDelivery | null }>
  | Readonly<{ kind: 'not_blocked' }>;

/** Order among the deliveries of one destination that share a key. */
export interface OrderStore {
  /** Blocked keys of one or all destinations; `after` is the `next` of the page before. */
  listBlocked(limit: number, after: string | null, destination: string | null): Promise<BlockedPage>;
  /** The failed delivery that blocks the key gives up its turn and stays a dead letter. The one behind it is due. */
  releaseKey(destination: string, orderKey: string): Promise<ReleaseOutcome>;
  /** Of the deliveries that have the turn of the same key as one of these, and that are pending, the ids with due times. */
  turnsAfter(deliveryIds: readonly string[]): Promise<readonly DueDelivery[]>;
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

/**
 * A request that was refused before it became an event, kept to be looked at.
 * `headers` is flat, as an event's are; `body` is null when it was larger than what is kept, `bodyBytes` what was sent.
 */
export type RejectedRequest = Readonly<{
  /** UUIDv7 of the time of receipt, unique for ever. */
  id: string;
  source: string;
  reason: string;
  detail: string;
  method: string;
  url: string;
  headers: readonly string[];
  contentType: string;
  body: Uint8Array | null;
  bodyBytes: number;
  receivedAtMs: number;
}>;

/** What a list shows of a rejected request. */
export type RejectedSummary = Omit<RejectedRequest, 'headers' | 'body'>;

/** A page of rejected requests, newest first; `next` continues it. */
export type RejectedPage = Readonly<{ requests: readonly RejectedSummary[]; next: string | null }>;

/** What may be kept of one source. Bytes are counted by `rejectedBytes`. */
export type RejectedBounds = Readonly<{ maxRequests: number; maxBytes: number }>;

export interface RejectedStore {
  /**
   * Keeps the request; the oldest of its source go, as many as it takes to stay within the bounds. One that exceeds
   * them by itself is not kept, and then nothing else goes.
   */
  keepRejected(request: RejectedRequest, bounds: RejectedBounds): Promise<void>;
  /** In the order in which they were kept, newest first; of one source or, with null, of all. `before` is the `next` of the page before. */
  listRejected(limit: number, before: string | null, source: string | null): Promise<RejectedPage>;
  readRejected(id: string): Promise<RejectedRequest | null>;
  dropRejected(id: string): Promise<'dropped' | 'unknown'>;
  /** Deletes up to `limit` of those received before `beforeMs`, the oldest first. @returns how many; fewer than the limit: none are left */
  purgeRejected(beforeMs: number, limit: number): Promise<number>;
}

/** What a request counts against `maxBytes`: the texts that a sender chooses, in UTF-8, and the body as it is kept. */
export function rejectedBytes({ body, url, contentType, detail, headers }: RejectedRequest): number {
  const texts = [url, contentType, detail, ...headers];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), body?.length ?? 0);
}

/** What a handshake left behind for a source: a secret that the provider chose, for example. */
export type SourceState = Readonly<{ name: string; value: string; updatedAtMs: number }>;

export interface SourceStateStore {
  /** Everything of the source, by name. */
  readSourceState(source: string): Promise<readonly SourceState[]>;
  /** Writes once. `present`: the name has a value already, and that one stays. */
  keepSourceState(source: string, name: string, value: string, nowMs: number): Promise<'kept' | 'present'>;
  /** Writes, whether there was a value or not. */
  replaceSourceState(source: string, name: string, value: string, nowMs: number): Promise<void>;
  dropSourceState(source: string, name: string): Promise<'dropped' | 'unknown'>;
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
