import { ALERT_SOURCE } from '../../domain/alert.ts';
import type { Attempt } from '../../domain/attempt.ts';
import type { Delivery, DeliveryStatus } from '../../domain/delivery.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { MinuteCounts } from '../../domain/minute.ts';
import type { BulkOperation } from '../../domain/operation.ts';
import type { SearchKey } from '../../domain/search-key.ts';
import type { AuditRow } from '../audit-chain.ts';
import type { CleanupTally } from '../cleanup-report.ts';
import type {
  Bound,
  CleanupKind,
  CleanupTimes,
  Duplicates,
  KeptDestination,
  RejectedRequest,
  SourceState,
  StoreOptions,
} from '../store.ts';
import type { TargetResult } from '../target-slices.ts';

/** The lease of a delivery that is `processing`. */
export type LeaseInForce = Readonly<{ token: string; untilMs: number; leasedAtMs: number }>;

/**
 * A delivery as the store keeps it: the public view, its lease while it is `processing`, and its place in the order of
 * acceptance. `isHeld` is set while it is pending alone.
 */
export type StoredDelivery = Delivery &
  Readonly<{ lease: LeaseInForce | null; place: number; isHeld: boolean }>;

/** A bulk operation, the lease on it, its targets and what became of them. */
export type StoredOperation = Readonly<{
  operation: BulkOperation;
  lease: Readonly<{ token: string; untilMs: number }> | null;
  targets: readonly string[];
  results: readonly (TargetResult | null)[];
}>;

/**
 * Everything the model stores. Rows are replaced, never changed in place. There are no counters and hardly an index:
 * whatever the rows tell is computed from them, so that nothing can disagree with them.
 */
export type State = Readonly<{
  maxPendingDeliveries: number;
  maxHeldDeliveries: number;
  events: Map<string, WebhookEvent>;
  /** Event id -> its search keys. */
  searchKeys: Map<string, readonly SearchKey[]>;
  /** Event id -> how many were accepted before it, purged ones included. */
  accepted: Map<string, number>;
  /** keyOf(source, idempotencyKey) -> event id. */
  eventIds: Map<string, string>;
  deliveries: Map<string, StoredDelivery>;
  /** Delivery id -> its attempts in the order in which they ended. */
  attempts: Map<string, readonly Attempt[]>;
  /** markOf(source, digest) -> the event that has the mark. */
  marks: Map<string, string>;
  /** Event id -> how often it came again. */
  duplicates: Map<string, Duplicates>;
  /** Event id -> when it was erased. */
  erased: Map<string, number>;
  /** In the order in which they were kept. A deleted one leaves a null, so that the others keep their places. */
  rejected: (RejectedRequest | null)[];
  /** Source -> name -> value. */
  sourceState: Map<string, Map<string, SourceState>>;
  cleanups: Map<CleanupKind, CleanupTimes>;
  cleanupTallies: Map<CleanupKind, CleanupTally>;
  /** In the order of the chain. */
  audit: AuditRow[];
  destinations: Map<string, KeptDestination>;
  /** Path -> digest. */
  configuration: Map<string, string>;
  operations: Map<string, StoredOperation>;
  /** Minute -> its counts, oldest first. */
  minutes: Map<number, MinuteCounts>;
}>;

export function createState({
  maxPendingDeliveries,
  maxHeldDeliveries = Number.POSITIVE_INFINITY,
}: StoreOptions): State {
  return {
    maxPendingDeliveries,
    maxHeldDeliveries,
    events: new Map(),
    searchKeys: new Map(),
    accepted: new Map(),
    eventIds: new Map(),
    deliveries: new Map(),
    attempts: new Map(),
    marks: new Map(),
    duplicates: new Map(),
    erased: new Map(),
    rejected: [],
    sourceState: new Map(),
    cleanups: new Map(),
    cleanupTallies: new Map(),
    audit: [],
    destinations: new Map(),
    configuration: new Map(),
    operations: new Map(),
    minutes: new Map(),
  };
}

/** A state of its own with the same rows: what is done to one is not seen in the other. */
export function copyState(state: State): State {
  return {
    maxPendingDeliveries: state.maxPendingDeliveries,
    maxHeldDeliveries: state.maxHeldDeliveries,
    events: new Map(state.events),
    searchKeys: new Map(state.searchKeys),
    accepted: new Map(state.accepted),
    eventIds: new Map(state.eventIds),
    deliveries: new Map(state.deliveries),
    attempts: new Map(state.attempts),
    marks: new Map(state.marks),
    duplicates: new Map(state.duplicates),
    erased: new Map(state.erased),
    rejected: [...state.rejected],
    sourceState: new Map([...state.sourceState].map(([source, values]) => [source, new Map(values)])),
    cleanups: new Map(state.cleanups),
    cleanupTallies: new Map(state.cleanupTallies),
    audit: [...state.audit],
    destinations: new Map(state.destinations),
    configuration: new Map(state.configuration),
    operations: new Map(state.operations),
    minutes: new Map(state.minutes),
  };
}

/** One text for the pair, whatever characters either holds. */
export function keyOf(source: string, idempotencyKey: string): string {
  return JSON.stringify([source, idempotencyKey]);
}

/** One text for the pair. */
export function markOf(source: string, digest: Uint8Array): string {
  return keyOf(source, Buffer.from(digest).toString('hex'));
}

/** A copy, so that the store shares its bytes with no caller: events are immutable. */
export function copyEvent(event: WebhookEvent): WebhookEvent {
  return { ...event, headers: [...event.headers], body: new Uint8Array(event.body) };
}

/** The public view of a delivery. */
export function toDelivery({
  lease: _lease,
  place: _place,
  isHeld: _isHeld,
  ...delivery
}: StoredDelivery): Delivery {
  return delivery;
}

/** The deliveries of an event, by number. */
export function deliveriesOf(state: State, eventId: string): StoredDelivery[] {
  return findDeliveries(state, (delivery) => delivery.eventId === eventId).sort(byPlace);
}

export function deliveriesWith(state: State, status: DeliveryStatus): StoredDelivery[] {
  return findDeliveries(state, (delivery) => delivery.status === status);
}

/**
 * The limit that so many more pending deliveries, of which some are held, would exceed. Zero never does. Alerts that wait
 * take no room from others.
 */
export function boundFor(state: State, more: number, held = 0): Bound | null {
  const [heldNow = [], others = []] = partition(deliveriesWith(state, 'pending'), ({ isHeld }) => isHeld);
  if (held > 0 && heldNow.length + held > state.maxHeldDeliveries) return 'held';
  const unheld = more - held;
  const bounded = others.filter(({ eventId }) => state.events.get(eventId)?.source !== ALERT_SOURCE);
  return unheld > 0 && bounded.length + unheld > state.maxPendingDeliveries ? 'pending' : null;
}

function partition<T>(items: readonly T[], fits: (item: T) => boolean): readonly T[][] {
  return [items.filter(fits), items.filter((item) => !fits(item))];
}

/** The delivery that holds the turn of the key, or null. */
export function holderOf(state: State, destination: string, orderKey: string): StoredDelivery | null {
  return ofKey(state, destination, orderKey).find(({ turn }) => turn === 'holds') ?? null;
}

/** Deliveries of a destination and key, in the order of acceptance. */
export function ofKey(state: State, destination: string, orderKey: string): StoredDelivery[] {
  return findDeliveries(
    state,
    (delivery) => delivery.destination === destination && delivery.orderKey === orderKey,
  ).sort(byPlace);
}

/** A dead letter that was replayed. */
export function isSuperseded({ status, replayedBy }: Delivery): boolean {
  return status === 'failed' && replayedBy !== null;
}

/** A failed delivery that others wait for. */
export function isBlocking(delivery: Delivery): boolean {
  return delivery.status === 'failed' && delivery.turn === 'holds';
}

export function isOpen(delivery: Delivery): boolean {
  return delivery.status === 'pending' || delivery.status === 'processing';
}

/** In the order in which their events were accepted, and within an event by number. */
export function byPlace(a: StoredDelivery, b: StoredDelivery): number {
  return a.place - b.place;
}

/** In the order of their ids: by event, which is by time of receipt, and within an event by number. */
export function byId(a: Delivery, b: Delivery): number {
  return a.id < b.id ? -1 : 1;
}

function findDeliveries(state: State, fits: (delivery: StoredDelivery) => boolean): StoredDelivery[] {
  return [...state.deliveries.values()].filter(fits);
}
