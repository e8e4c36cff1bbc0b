import type { Attempt, AttemptOutcome } from '../domain/attempt.ts';
import { type Delivery, type DeliveryStatus, deliveryIdOf } from '../domain/delivery.ts';
import type { DestinationState } from '../domain/destination-state.ts';
import {
  deriveEventStatus,
  type EventView,
  givenUpOf,
  type Origin,
  type WebhookEvent,
} from '../domain/event.ts';
import type { Turn } from '../domain/order.ts';
import type {
  BlockedKey,
  DeadLetter,
  Duplicates,
  KeptDestination,
  RejectedRequest,
  RejectedSummary,
  SourceState,
} from './store.ts';

/*
 * Rows of the tables as both schemas name their columns, and what they are to the port. Ids and keys are the exception:
 * a driver stores them in its own way and gives them here as the port has them.
 */

export type EventRow = Readonly<{
  source: string;
  idempotency_key: string;
  event_type: string;
  method: string;
  url: string;
  /** JSON of the flat list. */
  headers: string;
  content_type: string;
  body: Uint8Array;
  received_at: number;
  origin: StoredOrigin;
}>;

/** Null for what was received, so that its rows are no longer. */
export type StoredOrigin = Exclude<Origin, 'received'> | null;

export function toStoredOrigin(origin: Origin): StoredOrigin {
  return origin === 'received' ? null : origin;
}

export function toEvent(id: string, row: EventRow): WebhookEvent {
  return {
    id,
    source: row.source,
    idempotencyKey: row.idempotency_key,
    eventType: row.event_type,
    method: row.method,
    url: row.url,
    headers: readHeaders(row.headers),
    contentType: row.content_type,
    body: row.body,
    receivedAtMs: row.received_at,
    origin: row.origin ?? 'received',
  };
}

/** What a view shows of the event itself. `erased_at` is null unless it is erased. */
export type EventNameRow = Pick<
  EventRow,
  'source' | 'idempotency_key' | 'event_type' | 'received_at' | 'origin'
> &
  Readonly<{ erased_at: number | null }>;

/** What a view is made of, of one delivery. `replayOf` is the number of another delivery of the event. */
export type DeliveryState = Readonly<{
  number: number;
  status: DeliveryStatus;
  attempts: number;
  updatedAtMs: number;
  replayOf: number | null;
}>;

/** An event with what its deliveries make of it. */
export function toEventView(id: string, row: EventNameRow, deliveries: readonly DeliveryState[]): EventView {
  const statuses = deliveries.map(({ number, status, replayOf }) => ({
    id: deliveryIdOf(id, number),
    status,
    replayOf: replayOf === null ? null : deliveryIdOf(id, replayOf),
  }));
  return {
    id,
    source: row.source,
    idempotencyKey: row.erased_at === null ? row.idempotency_key : null,
    eventType: row.event_type,
    origin: row.origin ?? 'received',
    status: deriveEventStatus(statuses),
    attempts: deliveries.reduce((sum, { attempts }) => sum + attempts, 0),
    receivedAtMs: row.received_at,
    updatedAtMs: deliveries.reduce(
      (latest, { updatedAtMs }) => Math.max(latest, updatedAtMs),
      row.received_at,
    ),
    erasedAtMs: row.erased_at,
    givenUp: row.erased_at === null ? givenUpOf(statuses) : [],
  };
}

export type DeliveryRow = Readonly<{
  destination: string;
  status: DeliveryStatus;
  attempts: number;
  due_at: number;
  last_error: string | null;
  failure_group: string | null;
  created_at: number;
  updated_at: number;
  order_key: string | null;
  turn: Turn | null;
}>;

/** A delivery's number, and those of the deliveries of its event that it refers to. `sentAs`: null for its own. */
export type DeliveryNumbers = Readonly<{
  eventId: string;
  number: number;
  replayOf: number | null;
  replayedBy: number | null;
  sentAs: number | null;
}>;

export function toDelivery(numbers: DeliveryNumbers, row: DeliveryRow): Delivery {
  const { eventId, number, replayOf, replayedBy, sentAs } = numbers;
  return {
    id: deliveryIdOf(eventId, number),
    eventId,
    destination: row.destination,
    status: row.status,
    attempts: row.attempts,
    dueAtMs: row.due_at,
    lastError: row.last_error,
    failureGroup: row.failure_group,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
    replayOf: replayOf === null ? null : deliveryIdOf(eventId, replayOf),
    replayedBy: replayedBy === null ? null : deliveryIdOf(eventId, replayedBy),
    sentAs: deliveryIdOf(eventId, sentAs ?? number),
    orderKey: row.order_key,
    turn: row.turn,
  };
}

/** A replay as it is when it has just been made. */
export function newReplay(
  numbers: Omit<DeliveryNumbers, 'replayedBy'>,
  row: Pick<DeliveryRow, 'destination' | 'due_at' | 'order_key' | 'turn'>,
  nowMs: number,
): Delivery {
  return toDelivery(
    { ...numbers, replayedBy: null },
    {
      ...row,
      status: 'pending',
      attempts: 0,
      last_error: null,
      failure_group: null,
      created_at: nowMs,
      updated_at: nowMs,
    },
  );
}

/** What a list of dead letters shows of the event. */
export type DeadLetterRow = DeliveryRow & Omit<EventNameRow, 'received_at' | 'origin'>;

export function toDeadLetter(numbers: DeliveryNumbers, row: DeadLetterRow): DeadLetter {
  return {
    ...toDelivery(numbers, row),
    source: row.source,
    eventType: row.event_type,
    idempotencyKey: row.erased_at === null ? row.idempotency_key : null,
    erasedAtMs: row.erased_at,
  };
}

export type AttemptRow = Readonly<{
  number: number;
  started_at: number;
  ended_at: number;
  outcome: AttemptOutcome;
  error: string | null;
  http_status: number | null;
  response_excerpt: string | null;
}>;

export function toAttempt(row: AttemptRow): Attempt {
  return {
    number: row.number,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    outcome: row.outcome,
    error: row.error,
    httpStatus: row.http_status,
    responseExcerpt: row.response_excerpt,
  };
}

/** Of an event that came again. `differed` is 0 or 1. */
export type DuplicatesRow = Readonly<{ count: number; last_at: number; differed: number }>;

export function toDuplicates({ count, last_at: lastAtMs, differed }: DuplicatesRow): Duplicates {
  return { count, lastAtMs, differed: differed !== 0 };
}

/** Of a failed delivery that blocks its key. */
export type BlockedRow = Readonly<{
  destination: string;
  order_key: string;
  last_error: string;
  updated_at: number;
}>;

export function toBlockedKey(deliveryId: string, row: BlockedRow, waiting: number): BlockedKey {
  return {
    destination: row.destination,
    orderKey: row.order_key,
    deliveryId,
    error: row.last_error,
    sinceMs: row.updated_at,
    waiting,
  };
}

export type RejectedSummaryRow = Readonly<{
  source: string;
  reason: string;
  detail: string;
  method: string;
  url: string;
  content_type: string;
  body_bytes: number;
  received_at: number;
}>;

export function toRejectedSummary(id: string, row: RejectedSummaryRow): RejectedSummary {
  return {
    id,
    source: row.source,
    reason: row.reason,
    detail: row.detail,
    method: row.method,
    url: row.url,
    contentType: row.content_type,
    bodyBytes: row.body_bytes,
    receivedAtMs: row.received_at,
  };
}

export type RejectedRow = RejectedSummaryRow & Readonly<{ headers: string; body: Uint8Array | null }>;

export function toRejected(id: string, row: RejectedRow): RejectedRequest {
  return { ...toRejectedSummary(id, row), headers: readHeaders(row.headers), body: row.body };
}

export type SourceStateRow = Readonly<{ name: string; value: string; updated_at: number }>;

export function toSourceState({ name, value, updated_at: updatedAtMs }: SourceStateRow): SourceState {
  return { name, value, updatedAtMs };
}

/** `state` is JSON. */
export type StateRow = Readonly<{ destination: string; version: number; state: string }>;

export function toKept({ destination, version, state }: StateRow): KeptDestination {
  return { destination, version, state: JSON.parse(state) as DestinationState };
}

/** A page and the cursor behind it. @param found the rows of the page, and one more if there is another page */
export function pageOf<Row>(
  found: readonly Row[],
  limit: number,
  cursorOf: (last: Row) => string,
): Readonly<{ rows: readonly Row[]; next: string | null }> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next: last === undefined || found.length <= limit ? null : cursorOf(last) };
}

function readHeaders(json: string): string[] {
  return JSON.parse(json) as string[];
}
