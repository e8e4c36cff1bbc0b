import type { Delivery, DeliveryStatus } from './delivery.ts';

/**
 * How an event came here: from its sender; fetched from its provider, which had not brought it; sent as a test by an
 * operator; or from the export of another inbox.
 */
export const ORIGINS = ['received', 'reconciled', 'test', 'imported'] as const;
export type Origin = (typeof ORIGINS)[number];

/**
 * One accepted webhook. Immutable once stored.
 * `headers` is flat (`[name, value, name, value, …]`), in the order, case and repetition of the request; `body` has its
 * exact bytes. So a destination can verify the provider's own signature.
 */
export type WebhookEvent = Readonly<{
  /** UUIDv7 of the time of receipt; its last 16 bits are zero (see deliveryIdOf). */
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
  /** Only what was received has been verified. */
  origin: Origin;
}>;

/** The public view of an event: its identity and the state of its processing. */
export type EventView = Readonly<{
  id: string;
  source: string;
  /** Null once the event is erased. */
  idempotencyKey: string | null;
  eventType: string;
  origin: Origin;
  status: DeliveryStatus;
  /** Finished attempts of all its deliveries. */
  attempts: number;
  receivedAtMs: number;
  updatedAtMs: number;
  /** When body, headers and all else that came with the request were erased, or null. */
  erasedAtMs: number | null;
  /** What a redelivery by hand replays: deliveries that have failed, repeat no other and were not replayed. */
  givenUp: readonly string[];
}>;

type StatusOfDelivery = Pick<Delivery, 'id' | 'status' | 'replayOf'>;

/** The order in which a status of one delivery decides the status of the whole event. */
const PRECEDENCE: readonly DeliveryStatus[] = ['processing', 'pending', 'failed', 'completed'];

/**
 * An event's status: processing if any delivery is, else pending, else failed, else completed. A delivery that was
 * replayed does not count: its replay counts instead. An event without deliveries, which no destination takes, is
 * completed.
 */
export function deriveEventStatus(deliveries: readonly StatusOfDelivery[]): DeliveryStatus {
  const replayed = new Set(deliveries.map(({ replayOf }) => replayOf));
  const present = new Set(deliveries.filter(({ id }) => !replayed.has(id)).map(({ status }) => status));
  return PRECEDENCE.find((status) => present.has(status)) ?? 'completed';
}

/** The deliveries of an event that a redelivery by hand replays, by their ids: a store reads them in any order. */
export function givenUpOf(deliveries: readonly StatusOfDelivery[]): string[] {
  const replayed = new Set(deliveries.map(({ replayOf }) => replayOf));
  return deliveries
    .filter(({ id, status, replayOf }) => status === 'failed' && replayOf === null && !replayed.has(id))
    .map(({ id }) => id)
    .sort();
}
