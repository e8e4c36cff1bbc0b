import { DELIVERY_STATUSES, type DeliveryStatus } from './delivery.ts';

/**
 * One accepted webhook. Immutable once stored.
 * `headers` is flat (`[name, value, name, value, …]`) in the order, casing and repetition in which they came,
 * `body` the exact bytes: a destination can verify the provider's own signature.
 */
export type WebhookEvent = Readonly<{
  /** UUIDv7 whose time is `receivedAtMs`. */
  id: string;
  source: string;
  idempotencyKey: string;
  eventType: string;
  method: string;
  url: string;
  headers: readonly string[];
  contentType: string;
  body: Uint8Array;
  receivedAtMs: number;
}>;

/** What anyone may ask about an event: its identity and how far its processing is. */
export type EventView = Readonly<{
  id: string;
  source: string;
  idempotencyKey: string;
  eventType: string;
  status: DeliveryStatus;
  /** Finished tries, over all deliveries of the event. */
  attempts: number;
  receivedAtMs: number;
  updatedAtMs: number;
}>;

/** The order in which a status of one delivery decides the status of the whole event. */
const PRECEDENCE: readonly DeliveryStatus[] = ['processing', 'pending', 'failed', 'completed'];

/**
 * An event's own status: processing if any delivery is, else pending, else failed, else completed.
 * An event that no destination wants has no deliveries and is completed.
 */
export function deriveEventStatus(statuses: Iterable<DeliveryStatus>): DeliveryStatus {
  const present = new Set(statuses);
  return PRECEDENCE.find((status) => present.has(status)) ?? 'completed';
}

export function isDeliveryStatus(value: string): value is DeliveryStatus {
  return (DELIVERY_STATUSES as readonly string[]).includes(value);
}
