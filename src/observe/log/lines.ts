import type { Settlement } from '../../domain/settlement.ts';
import type { ReceiverEvent, RejectionReason } from '../../events.ts';
import type { Traced } from '../../trace/tracing.ts';
import type { LogLevel } from '../log-level.ts';
import type { Handlers } from '../subscriber.ts';
import { bounded, ERROR_CHARS, rfc3339, roundedMs, scrubbed } from './bounded.ts';
import { traceFields } from './trace-fields.ts';
import type { Fields, WriteLine } from './writer.ts';

type EventOf<Type extends ReceiverEvent['type']> = Extract<ReceiverEvent, { type: Type }>;

/** Reasons for the operator to act on; every other reason is a mistake of the client. */
const RECEIVER_REASONS: ReadonlySet<RejectionReason> = new Set([
  'queue_full',
  'overloaded',
  'store_error',
  'keys_unavailable',
  'no_secret',
  'misconfigured',
]);

const SETTLEMENT_LEVELS: Readonly<Record<Settlement['kind'], LogLevel>> = {
  completed: 'info',
  retry: 'warn',
  failed: 'error',
  released: 'info',
};

const SETTLEMENT_WORDS: Readonly<Record<Settlement['kind'], string>> = {
  completed: 'delivery completed',
  retry: 'attempt failed, will retry',
  failed: 'delivery failed: dead letter',
  released: 'delivery released',
};

/** Lines about requests and their events. Fields are named one by one, so that a new member of an event is not logged. */
export function ingestLines(write: WriteLine): Handlers {
  return {
    'event.accepted': (event) =>
      write({ type: event.type, level: 'debug', message: 'event accepted', fields: () => accepted(event) }),
    'event.duplicate': (event) => write(duplicateLine(event)),
    'event.unrouted': (event) =>
      write({
        type: event.type,
        level: 'info',
        message: 'no destination wants the event',
        fields: () => ({
          event_id: event.eventId,
          source: event.source,
          event_type: bounded(event.eventType),
          reason: event.reason,
          ...traceFields(event),
        }),
        throttleBy: `${event.source}/${event.reason}`,
      }),
    'event.rejected': (event) =>
      write({
        type: event.type,
        level: RECEIVER_REASONS.has(event.reason) ? 'warn' : 'info',
        message: 'request rejected',
        fields: () => ({
          source: event.source ?? undefined,
          reason: event.reason,
          detail: scrubbed(event.detail),
          ...traceFields(event),
        }),
        throttleBy: event.reason,
      }),
  };
}

function accepted(event: EventOf<'event.accepted'>): Fields {
  return {
    event_id: event.eventId,
    source: event.source,
    event_type: bounded(event.eventType),
    deliveries: event.deliveries,
    body_bytes: event.bodyBytes,
    duration_ms: roundedMs(event.durationMs),
    ...traceFields(event),
  };
}

/** A duplicate by anything but the sender's own id is the receiver's judgement, so the line has both ids. */
function duplicateLine(event: EventOf<'event.duplicate'>): Parameters<WriteLine>[0] {
  const line = { type: event.type, fields: () => duplicate(event) };
  if (event.conflict) {
    const message = 'duplicate with another body: the first is kept';
    return { ...line, level: 'warn', message, throttleBy: 'conflict' };
  }
  if (event.by === 'key') return { ...line, level: 'debug', message: 'duplicate' };
  const what = event.by === 'body' ? 'content' : 'replay mark';
  return { ...line, level: 'info', message: `duplicate, recognised by its ${what}`, throttleBy: event.by };
}

function duplicate(event: EventOf<'event.duplicate'>): Fields {
  return {
    event_id: event.eventId,
    source: event.source,
    by: event.by,
    idempotency_key: bounded(event.idempotencyKey),
    duplicate_key: bounded(event.key),
    conflict: event.conflict,
    duration_ms: roundedMs(event.durationMs),
    ...traceFields(event),
  };
}

/** Lines about deliveries: one wide line for each attempt. */
export function deliveryLines(write: WriteLine): Handlers {
  return {
    'attempt.finished': (event) =>
      write({
        type: event.type,
        level: SETTLEMENT_LEVELS[event.settlement],
        message: SETTLEMENT_WORDS[event.settlement],
        fields: () => attempt(event),
      }),
    'lease.lost': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message: 'lease lost: the attempt was dropped',
        fields: () => delivery(event),
        throttleBy: event.destination,
      }),
    'lease.reclaimed': (event) =>
      write({
        type: event.type,
        level: event.settlement === 'failed' ? 'error' : 'warn',
        message: 'took back the lease of a process that died',
        fields: () => ({ ...delivery(event), attempt: event.attempt, settlement: event.settlement }),
      }),
    'delivery.released': (event) =>
      write({
        type: event.type,
        level: 'info',
        message: 'delivery released uncharged',
        fields: () => delivery(event),
      }),
    'handler.overran': (event) =>
      write({
        type: event.type,
        level: 'warn',
        message: 'a handler ended long after its timeout',
        fields: () => ({ ...delivery(event), overran_ms: roundedMs(event.overranMs) }),
        throttleBy: event.destination,
      }),
  };
}

type DeliveryIdentity = Readonly<{
  eventId?: string;
  deliveryId: string;
  source?: string;
  destination: string;
}> &
  Traced;

function delivery(event: DeliveryIdentity): Fields {
  return {
    event_id: event.eventId,
    delivery_id: event.deliveryId,
    source: event.source,
    destination: event.destination,
    ...traceFields(event),
  };
}

function attempt(event: EventOf<'attempt.finished'>): Fields {
  return {
    event_id: event.eventId,
    delivery_id: event.deliveryId,
    source: event.source,
    event_type: bounded(event.eventType),
    destination: event.destination,
    attempt: event.attempt,
    outcome: event.outcome,
    settlement: event.settlement,
    duration_ms: roundedMs(event.durationMs),
    waited_ms: roundedMs(event.waitedMs),
    http_status: event.httpStatus ?? undefined,
    error: event.error === null ? undefined : scrubbed(event.error, ERROR_CHARS),
    due_at: rfc3339(event.dueAtMs),
    ...traceFields(event),
  };
}
