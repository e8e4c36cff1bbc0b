import type { Attempt } from '../domain/attempt.ts';
import type { AuditAction, AuditEntry } from '../domain/audit.ts';
import type { Delivery, DeliveryStatus } from '../domain/delivery.ts';
import type { DestinationState } from '../domain/destination-state.ts';
import type { EventView, WebhookEvent } from '../domain/event.ts';
import type { Lease } from '../domain/lease.ts';
import type { Addressee } from '../domain/order.ts';
import type { SearchKey } from '../domain/search-key.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { TransactionWork } from '../domain/transaction.ts';
import type { Filter } from '../filter/filter.ts';
import type { ClockReading } from '../runtime/corrected-clock.ts';
import type { AuditRow } from './audit-chain.ts';

/**
 * The store's port, split by role so that a caller asks for what it uses. Time is always an argument. Texts are well
 * formed and hold no NUL. Outcomes are unions; a method rejects with a StoreError when the storage itself fails, and
 * then nothing of the operation is visible. Overlapping calls are concurrent: a caller that needs an order awaits.
 * A method with an `audit` entry writes it to the audit in its own transaction if it changes something, and only then.
 */
export interface Store
  extends InboxStore,
    LeaseStore,
    RescheduleStore,
    DestinationStore,
    CompleteStore,
    QueuedStore,
    OrderStore,
    BrowseStore,
    SearchStore,
    OperateStore,
    EraseStore,
    SharedStore,
    RejectedStore,
    SourceStateStore,
    CleanupStore,
    AuditStore,
    ConfigurationStore {}

/** The port's asynchronous methods, by name. */
export type Method = {
  [Name in keyof Store]: Store[Name] extends (...args: never) => Promise<unknown> ? Name : never;
}[keyof Store];

/** A call of the port as one value, which batches and threads can carry: a union with a member for each name. */
export type Operation<Name extends Method = Method> = {
  [Each in Name]: Readonly<{ method: Each; args: Parameters<Store[Each]> }>;
}[Name];

/** What a method resolves to. */
export type Answer<Name extends Method = Method> = Awaited<ReturnType<Store[Name]>>;

export type InsertOutcome =
  /** `idempotencyKey`: the key that the event was stored under, if it is another than was given. */
  | Readonly<{ kind: 'inserted'; idempotencyKey?: string }>
  /**
   * The (source, idempotency key) is known, or the replay mark is; `by` says which. `conflict`: the body differs from the
   * stored one.
   */
  | Readonly<{ kind: 'duplicate'; event: EventView; conflict: boolean; by: 'key' | 'mark' }>
  /** The event's deliveries would exceed the limit of pending ones, or that of held ones. Nothing was written. */
  | Readonly<{ kind: 'full'; bound: Bound | 'disk' }>;

/**
 * `pending`: deliveries that are pending and not held; `held`: those that wait for a destination that is held or tripped.
 * Below the free space that must be left, which only SQLite's store knows, no new event is stored: `disk`.
 */
export type Bound = 'pending' | 'held';

/**
 * A second identity of an event, which recognises it when it is sent again under another key: the digest (16 bytes) of
 * the signed content. It holds while the event that has it was received at or after `sinceMs`.
 */
export type ReplayMark = Readonly<{ digest: Uint8Array; sinceMs: number }>;

/** An event with the values to find it by, of which each name has one. */
export type NewEvent = WebhookEvent & Readonly<{ searchKeys?: readonly SearchKey[] }>;

export interface InboxStore {
  /**
   * Stores the event with one pending delivery for each destination, in their order, numbered from 1, due at once.
   * Resolves only when the commit is durable. A delivery with an order key is due only if it is the first of its
   * destination and key; otherwise it waits for its turn. A delivery for a destination that is held is marked so until it
   * is first claimed, and counts against the limit of held deliveries instead of that of pending ones.
   *
   * With a replay mark, an event whose key is new is a duplicate of the event of its source that has that mark, if the
   * mark still holds. Otherwise the mark is stored with this event and taken from the event that had it. So a source has
   * one event for each mark, and a mark is deleted with its event.
   *
   * With `keySinceMs` the key is itself a mark: it is known only if its newest event was received at or after that time.
   * Otherwise the event is stored under the next key of the mark that is free: the mark itself, `<mark>~2`, `<mark>~3`…
   */
  insertEvent(
    event: NewEvent,
    destinations: readonly Addressee[],
    replayMark?: ReplayMark | null,
    keySinceMs?: number | null,
  ): Promise<InsertOutcome>;
  /** Adds to what is known of duplicates, in one write. Entries of events that are not stored are ignored. */
  noteDuplicates(notes: readonly DuplicateNote[]): Promise<void>;
}

/** How often an event came again: how many times, when last, and whether any of the bodies differed. */
export type Duplicates = Readonly<{ count: number; lastAtMs: number; differed: boolean }>;

/** Duplicates of an event that are not yet in the store. */
export type DuplicateNote = Duplicates & Readonly<{ eventId: string }>;

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

export type DueDelivery = Readonly<{ deliveryId: string; dueAtMs: number }>;

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

/** A page of due deliveries, longest due first; `next` is the cursor of the next page. */
export type DuePage = Readonly<{ deliveries: readonly DueDelivery[]; next: string | null }>;

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

/** What is kept of a destination, and the number of the change that made it; 0: nothing is kept. */
export type KeptDestination = Readonly<{ destination: string; version: number; state: DestinationState }>;

/** Due times. */
export type HoldRange = Readonly<{ fromMs: number; untilMs: number }>;

/** What a page of marking came to; `next` continues it. */
export type HoldPage = Readonly<{ held: number; next: string | null }>;

/** Destinations that are held, limited or tripped. */
export interface DestinationStore {
  /** Of all destinations whose state was ever changed. */
  readDestinations(): Promise<readonly KeptDestination[]>;
  /** Writes the state with the next version, and the entry, if there is one. `outdated`: the version is not this one any more, and nothing changed. */
  changeDestination(
    destination: string,
    version: number,
    state: DestinationState,
    audit: AuditEntry | null,
  ): Promise<'changed' | 'outdated'>;
  /** How many of the destination's pending deliveries are not held. */
  countUnheld(destination: string): Promise<number>;
  /**
   * Marks pending deliveries of a destination as held: those whose due time is in the range, whose ends belong to it. A
   * retry that is due at `nowMs` is due since its creation instead: it waits for the destination, like what was accepted
   * after it. Looks at up to `limit` deliveries, the first due first; `after` is the `next` of the page before.
   */
  holdPending(
    destination: string,
    range: HoldRange,
    nowMs: number,
    limit: number,
    after: string | null,
  ): Promise<HoldPage>;
}

/** A failed delivery with what a list shows of its event. */
export type DeadLetter = Delivery & Pick<EventView, 'source' | 'eventType' | 'idempotencyKey' | 'erasedAtMs'>;

/** Which dead letters are asked for; what is left out does not matter. */
export type DeadLetterFilter = Readonly<{
  destination?: string;
  source?: string;
  eventType?: string;
  /** The event was received at or after this time. */
  sinceMs?: number;
  /** The event was received before this time. */
  untilMs?: number;
  /** The last error contains this text; ASCII letters match in either case. */
  error?: string;
  /** Also those that were replayed. */
  superseded?: boolean;
}>;

/** Most dead letters that one page looks at, so that a filter that hardly any of them fits reads no more. */
export const MAX_DEAD_LETTERS_READ = 5_000;

/**
 * A page of dead letters, newest first; `next` is the cursor of the next page. With a filter a page may hold fewer than
 * were asked for, and none at all, although there is a next one.
 */
export type DeadLetterPage = Readonly<{ deliveries: readonly DeadLetter[]; next: string | null }>;

export type StatusCount = Readonly<{ destination: string; status: DeliveryStatus; count: number }>;

/** For a destination with order: how many deliveries wait for their turn, and how many keys are blocked. */
export type OrderCount = Readonly<{ destination: string; waiting: number; blocked: number }>;

/** Deliveries of a destination that are held, and when the first due of them was created; null if that is not known. */
export type HeldCount = Readonly<{ destination: string; count: number; oldestAtMs: number | null }>;

/** Most deliveries that a question for the oldest passes over: it must not scan a backlog. */
export const MAX_HELD_PASSED = 1_000;

export type StoreStats = Readonly<{
  /**
   * Maintained with each write, so reading them costs the same at any size. Held deliveries are pending ones; superseded
   * ones do not count.
   */
  counts: readonly StatusCount[];
  /** Maintained in the same way; destinations without any are left out. */
  held: readonly HeldCount[];
  /** Maintained in the same way; destinations where both are 0 are left out. */
  order: readonly OrderCount[];
  events: number;
  /** When the oldest delivery that is pending and not held was created, or null. */
  oldestPendingAtMs: number | null;
  /** What the database takes on disk. */
  databaseBytes: number;
  /** SQLite's -wal file, which is part of that; 0 elsewhere. */
  walBytes: number;
}>;

export interface BrowseStore {
  eventById(id: string): Promise<EventView | null>;
  /** The event with the key; of a mark, its newest event. */
  eventByKey(source: string, idempotencyKey: string): Promise<EventView | null>;
  /** Whether an event of the source is kept. */
  hasEvents(source: string): Promise<boolean>;
  /** The noted duplicates of the event, or null. */
  duplicatesOf(eventId: string): Promise<Duplicates | null>;
  /** The event with its bytes. */
  readEvent(id: string): Promise<WebhookEvent | null>;
  deliveriesOf(eventId: string): Promise<readonly Delivery[]>;
  attemptsOf(deliveryId: string): Promise<readonly Attempt[]>;
  /** Failed deliveries that were not replayed, newest first; `before` is the `next` of the previous page. */
  listDeadLetters(limit: number, before: string | null, filter?: DeadLetterFilter): Promise<DeadLetterPage>;
  stats(): Promise<StoreStats>;
}

export type SearchRequest = Readonly<{
  /** With its times resolved. */
  filter: Filter;
  /** Most hits. */
  limit: number;
  /** The `next` of the slice before, or null for the newest events. */
  cursor: string | null;
}>;

/** An event that fits a filter, with those of its deliveries that fit it: all of them where it says nothing of deliveries. */
export type SearchHit = Readonly<{ event: EventView; deliveries: readonly Delivery[] }>;

export type SearchSlice = Readonly<{
  /** Newest first. */
  hits: readonly SearchHit[];
  /** Where the next slice begins; null when nothing is left to look at. */
  next: string | null;
  /** Rows that were looked at. */
  scanned: number;
  /** When the last event that was looked at was received; null if there was none. */
  searchedToMs: number | null;
}>;

/** Bounds what one slice of a search reads, and so for how long it keeps a snapshot. */
export const SEARCH_SLICE = {
  rows: 2_000,
  bytes: 32 * 1024 * 1024,
};

export interface SearchStore {
  /**
   * Looks at the next events in their order, newest first, and returns those that fit: at most SEARCH_SLICE of them, in
   * a read of its own. What an index finds is found through it; the rest is read. Slices that follow each other by
   * `next` come to every event that was there at the first one, once.
   */
  searchSlice(request: SearchRequest): Promise<SearchSlice>;
}

export type PurgeOutcome = Readonly<{
  deleted: number;
  /** Where the next call goes on; null when no event received before `beforeMs` is left. */
  cursor: string | null;
}>;

/** What a replay may do besides repeating, once, a delivery that has failed. */
export type ReplayOptions = Readonly<{
  /** Repeat a completed delivery. */
  completed?: boolean;
  /** Repeat a delivery that was replayed before. */
  again?: boolean;
  /** Exceed the limit of pending deliveries for a delivery that blocks its order key. */
  beyondLimit?: boolean;
}>;

export type ReplayOutcome =
  | Readonly<{ kind: 'replayed'; delivery: Delivery }>
  | Readonly<{ kind: 'unknown' }>
  /** Only a terminal delivery may be repeated. */
  | Readonly<{ kind: 'open'; status: DeliveryStatus }>
  /** Nothing is left of the event that could be repeated. */
  | Readonly<{ kind: 'erased' }>
  /** It is completed, and to do it again was not asked for. */
  | Readonly<{ kind: 'completed' }>
  /** It has a replay, and another one was not asked for. */
  | Readonly<{ kind: 'already_replayed'; replayId: string }>
  | Readonly<{ kind: 'full' }>;

export interface OperateStore {
  /**
   * Deletes up to `limit` events that were received before `beforeMs`, in the order of acceptance, with their
   * deliveries, attempts and marks. Events with a delivery that is open or blocks its order key are skipped. Free space returns to
   * the file system.
   */
  purge(beforeMs: number, limit: number, cursor: string | null): Promise<PurgeOutcome>;
  /**
   * Makes a new pending delivery of the same event and destination, with the event's next number, that refers to the old
   * one, once for each delivery unless the options say otherwise. The replay of a failed delivery is sent as that one
   * was, and takes it out of the dead letters; the replay of a completed one is sent under its own id. A delivery that
   * blocks its order key passes its turn to its replay; any other replay waits for its turn like a new delivery, at the
   * position of its event.
   */
  replay(
    deliveryId: string,
    nowMs: number,
    options: ReplayOptions,
    audit: AuditEntry,
  ): Promise<ReplayOutcome>;
  /** Proves that the store can commit. */
  ping(): Promise<void>;
  /** Commits what was submitted before; calls after it are refused with STORE_CLOSED. */
  close(): Promise<void>;
}

/** What an erase does to one event, or would do. */
export const ERASE_STATES = ['erased', 'erased_before', 'open', 'unknown'] as const;
/** `open`: a delivery of the event is pending or processing, and nothing was erased. */
export type EraseState = (typeof ERASE_STATES)[number];

export type EraseOutcome = Readonly<{
  /** Of each event, in the order of the ids. */
  states: readonly EraseState[];
  /** Deliveries that are due now, because an erased one blocked their order key. */
  due: readonly Pick<Delivery, 'id' | 'destination'>[];
}>;

/** An event that an erase was asked for. `erased`: it could be, or was just now. */
export type Erasable = Readonly<{ id: string; state: EraseState }>;

/** A page of events in the order of their ids; `next` continues it. */
export type ErasablePage = Readonly<{ events: readonly Erasable[]; next: string | null }>;

/** What is left of erased events beside the tables. */
export type TracesOutcome =
  | Readonly<{ kind: 'removed' }>
  /** These read the -wal file, or what was there before; the store tries again by itself until they have ended. */
  | Readonly<{ kind: 'held'; readers: readonly string[] }>
  /** PostgreSQL keeps old versions of rows until VACUUM FULL and a checkpoint. */
  | Readonly<{ kind: 'left_to_vacuum' }>;

/**
 * Erases events: body, headers, URL, errors, excerpts of answers, and order keys. Their ids, sources, types, times and
 * outcomes stay. Their keys and marks stay as keyed hashes alone, so that a provider that sends one again is answered as
 * before and nothing is stored.
 */
export interface EraseStore {
  /**
   * Erases events, each in one transaction with its audit row. An event with an open delivery is left as it is. A
   * delivery that blocks its order key passes its turn, since it can never be replayed.
   * @param audit who asked; the target of each row is the event's id
   */
  erase(eventIds: readonly string[], nowMs: number, audit: AuditEntry): Promise<EraseOutcome>;
  /** What an erase of these events would do, in their order. */
  erasableById(eventIds: readonly string[]): Promise<readonly Erasable[]>;
  /** The same of all events of the source with the key; of a key that is a mark, of all events of the mark. */
  erasableByKey(source: string, idempotencyKey: string): Promise<readonly Erasable[]>;
  /** The same of events of the source that were received from `sinceMs` on and before `untilMs`. Looks at `limit` events. */
  erasableBetween(
    source: string,
    sinceMs: number,
    untilMs: number,
    limit: number,
    after: string | null,
  ): Promise<ErasablePage>;
  /** Removes what is left of erased events in logs and free space, as far as the store can. */
  removeTraces(): Promise<TracesOutcome>;
}

/** An order key whose turn a failed delivery holds: the deliveries behind it wait until it is released or replayed. */
export type BlockedKey = Readonly<{
  destination: string;
  orderKey: string;
  /** The failed delivery. */
  deliveryId: string;
  error: string;
  /** When it failed. */
  sinceMs: number;
  /** Deliveries that wait behind it, counted up to MAX_WAITING_COUNTED. */
  waiting: number;
}>;

/** A page in the order of destination and key; `next` is the cursor of the next page. */
export type BlockedPage = Readonly<{ keys: readonly BlockedKey[]; next: string | null }>;

/** Bounds the count of deliveries behind a blocked key: a list must not scan a backlog. */
export const MAX_WAITING_COUNTED = 1_000;

export type ReleaseOutcome =
  /** `next` holds the turn now and is due; null if no delivery waited. */
  | Readonly<{ kind: 'released'; deliveryId: string; next: DueDelivery | null }>
  | Readonly<{ kind: 'not_blocked' }>;

/** Order among the deliveries of one destination that share a key. */
export interface OrderStore {
  /** Blocked keys of one destination, or of all; `after` is the `next` of the previous page. */
  listBlocked(limit: number, after: string | null, destination: string | null): Promise<BlockedPage>;
  /** Takes the turn from the failed delivery that blocks the key, which stays a dead letter. The next one is due. */
  releaseKey(destination: string, orderKey: string, audit: AuditEntry): Promise<ReleaseOutcome>;
  /** For the order keys of these deliveries: the pending deliveries that hold the turn now. */
  turnsAfter(deliveryIds: readonly string[]): Promise<readonly DueDelivery[]>;
}

/** What processes that share a store need to know of each other. */
export interface SharedStore {
  /** How many processes have the store open, this one included; 0 while that is not known. */
  countNodes(): Promise<number>;
  /** No other process has this store open. So a lease that a process finds when it opens the store is orphaned. */
  readonly exclusive: boolean;
  /**
   * Acquires or confirms the leadership among the processes: only the leader reaps and cleans up. When it dies, another
   * process that asks gets the leadership within seconds. Two may believe to have it for a moment, so it may only save
   * work; correctness must not depend on it.
   */
  tryLead(): Promise<'leader' | 'follower'>;
}

/**
 * A request that was refused before it became an event, kept for inspection. `headers` is flat, like an event's; `body`
 * is null if it was too large to be kept, and `bodyBytes` is its size as it was sent.
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

/** A rejected request as a list shows it. */
export type RejectedSummary = Omit<RejectedRequest, 'headers' | 'body'>;

/** A page of rejected requests, newest first; `next` is the cursor of the next page. */
export type RejectedPage = Readonly<{ requests: readonly RejectedSummary[]; next: string | null }>;

/** How much is kept for one source. `rejectedBytes` counts the bytes of a request. */
export type RejectedBounds = Readonly<{ maxRequests: number; maxBytes: number }>;

export interface RejectedStore {
  /**
   * Keeps the request, and deletes the oldest of its source as far as the bounds require. A request that exceeds the
   * bounds by itself is not kept, and nothing is deleted for it.
   */
  keepRejected(request: RejectedRequest, bounds: RejectedBounds): Promise<void>;
  /** Lists those of one source, or of all with null, newest first; `before` is the `next` of the previous page. */
  listRejected(limit: number, before: string | null, source: string | null): Promise<RejectedPage>;
  readRejected(id: string): Promise<RejectedRequest | null>;
  dropRejected(id: string, audit: AuditEntry): Promise<'dropped' | 'unknown'>;
  /**
   * Deletes up to `limit` requests that were received before `beforeMs`, oldest first.
   * @returns how many; fewer than the limit means that none are left
   */
  purgeRejected(beforeMs: number, limit: number): Promise<number>;
}

/** The bytes that a request counts against `maxBytes`: the sender's texts in UTF-8, and the body as it is kept. */
export function rejectedBytes({ body, url, contentType, detail, headers }: RejectedRequest): number {
  const texts = [url, contentType, detail, ...headers];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), body?.length ?? 0);
}

/** A value that a handshake stored for a source: a secret that the provider chose, for example. */
export type SourceState = Readonly<{ name: string; value: string; updatedAtMs: number }>;

export interface SourceStateStore {
  /** All values of the source, in the order of their names. */
  readSourceState(source: string): Promise<readonly SourceState[]>;
  /** Writes the value unless the name has one. `present`: it had one, which stays. */
  keepSourceState(source: string, name: string, value: string, nowMs: number): Promise<'kept' | 'present'>;
  /** Writes the value, whether the name had one or not. */
  replaceSourceState(source: string, name: string, value: string, nowMs: number): Promise<void>;
  dropSourceState(source: string, name: string, audit: AuditEntry): Promise<'dropped' | 'unknown'>;
}

/** What is cleaned up after a retention of its own. */
export const CLEANUP_KINDS = ['events', 'rejected', 'audit'] as const;
export type CleanupKind = (typeof CLEANUP_KINDS)[number];

/** When the last clean-up ran, and when an operator last confirmed the clock; null if that never happened. */
export type CleanupTimes = Readonly<{ ranAtMs: number | null; confirmedAtMs: number | null }>;

/** What clean-ups remember, so that a clock that jumped deletes nothing. */
export interface CleanupStore {
  readCleanup(kind: CleanupKind): Promise<CleanupTimes>;
  /** A clean-up of the kind runs. */
  keepCleanup(kind: CleanupKind, nowMs: number): Promise<void>;
  /** An operator confirms the clock: clean-ups of every kind count as run and confirmed now. */
  confirmCleanups(nowMs: number, audit: AuditEntry): Promise<void>;
  /**
   * Writes to the audit what clean-ups of the kind have deleted since the last report, if anything: the count, and the
   * first and last id. Each deletion is tallied in its own transaction, so that a kill loses none.
   */
  reportCleanup(kind: CleanupKind, audit: AuditEntry): Promise<void>;
}

/** Rows that fit all of what is not null; `sinceMs` included, `untilMs` not. */
export type AuditFilter = Readonly<{
  actor: string | null;
  action: AuditAction | null;
  target: string | null;
  sinceMs: number | null;
  untilMs: number | null;
}>;

/** A page of the audit, newest first, which may be short; `next` is the cursor of the next page. */
export type AuditPage = Readonly<{ rows: readonly AuditRow[]; next: number | null }>;

/** Who did what: see audit-chain.ts. */
export interface AuditStore {
  /** Writes a row for what is not an operation of the store, or was refused. */
  appendAudit(entry: AuditEntry): Promise<void>;
  /** Rows behind a number, oldest first. */
  readAudit(after: number, limit: number): Promise<readonly AuditRow[]>;
  /** Rows that fit, newest first, of the AUDIT_WALK rows before the cursor. */
  listAudit(filter: AuditFilter, limit: number, before: number | null): Promise<AuditPage>;
  /** The newest rows about each of these targets, up to `limit` for each, oldest first. */
  auditOf(targets: readonly string[], limit: number): Promise<readonly AuditRow[]>;
  /**
   * Deletes up to `limit` of the oldest rows, as far as they are of before `beforeMs`, and writes the anchor in the same
   * transaction. @returns how many; fewer than the limit means that none are left
   */
  purgeAudit(beforeMs: number, limit: number, anchor: AuditEntry): Promise<number>;
}

/** What the audit knows of the configuration of the last start: of each value, by its path, a digest. */
export interface ConfigurationStore {
  readConfiguration(): Promise<ReadonlyMap<string, string>>;
  /** Takes the place of what was kept; with null that stays. The row is written in any case. */
  keepConfiguration(digests: ReadonlyMap<string, string> | null, audit: AuditEntry): Promise<void>;
}

/** Events inside a driver that an operator wants to see. */
export type StoreObserver = Readonly<{
  onCommit?: (operations: number, durationMs: number) => void;
  /** The driver is unusable; only a restart of the process helps. */
  onFatal?: (error: Error) => void;
  /** There may be work that this process did not submit itself. A hint: it may come late, or without work. */
  onDue?: () => void;
  /** A reader has kept the -wal file from being reused for `heldMs`, or no longer does (0). */
  onWalHeld?: (heldMs: number, walBytes: number) => void;
  /** How far this process's clock is ahead of the store's (negative: behind), as precisely as a round trip tells. */
  onClockSkew?: (skewMs: number) => void;
  /** The store's clock was read: the times of a shared store are its own, not those of the processes. */
  onClockReading?: (reading: ClockReading) => void;
  /** The file system has less free space than must be left, or again enough. */
  onDiskLow?: (isLow: boolean) => void;
  /** How long a transaction has held the oldest snapshot, which keeps rows that are gone from being removed; 0: none. */
  onOldestSnapshot?: (ageMs: number) => void;
  /** The start waits for a lock of a table, which a long reader has, to bring the schema up to date. */
  onMigrationWaits?: (waitedMs: number) => void;
  /** The server has no connection left for this process, which works with those that it has open. */
  onConnectionsRefused?: (open: number) => void;
  /** An index that searches use is built beside the work, is there, or could not be built: then it is tried again. */
  onSearchIndex?: (build: IndexBuild) => void;
}>;

export type IndexBuild =
  | Readonly<{ kind: 'building' | 'built'; name: string }>
  | Readonly<{ kind: 'failed'; error: Error }>;

export type StoreOptions = Readonly<{
  /** Most deliveries that may be pending and not held; a retry is never refused. */
  maxPendingDeliveries: number;
  /** Most deliveries that may be held; unlimited by default. */
  maxHeldDeliveries?: number;
  /**
   * Free bytes of the file system below which a store in a file takes no new event; null: the smaller of 1 GiB and 5 % of the
   * file system; 0, the default: none.
   */
  minFreeDiskBytes?: number | null;
  observer?: StoreObserver;
}>;
