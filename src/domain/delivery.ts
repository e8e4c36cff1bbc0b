import type { Turn } from './order.ts';

/** `pending` and `processing` are open, `completed` and `failed` terminal. */
export const DELIVERY_STATUSES = ['pending', 'processing', 'completed', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** An event for one destination: the only thing whose state changes. */
export type Delivery = Readonly<{
  /** UUIDv7, see deliveryIdOf. */
  id: string;
  eventId: string;
  destination: string;
  status: DeliveryStatus;
  /** Finished attempts. */
  attempts: number;
  /** NEVER_MS while the delivery waits for its turn. */
  dueAtMs: number;
  lastError: string | null;
  /** Of a failed delivery: the group of those that failed for the same cause. Null once it is erased. */
  failureGroup: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  /** The delivery that this one repeats, or null. */
  replayOf: string | null;
  /** The first delivery that repeats this one, or null. A failed delivery that has one is superseded. */
  replayedBy: string | null;
  /**
   * The delivery whose id goes out as Idempotency-Key, the same for every attempt: this one, or for the replay of a failed
   * delivery the one that the failed delivery was sent as.
   */
  sentAs: string;
  /** Deliveries of a destination with the same key are processed in order; null without order. */
  orderKey: string | null;
  turn: Turn | null;
}>;

/** Most deliveries of one event, replays included: the number has 16 bits of the id. */
export const MAX_DELIVERIES = 0xffff;

/**
 * A delivery's id is its event's id with the delivery's number, from 1, in the last 16 bits, which are zero in an
 * event's id. So each id leads to the other without an index, and a reader of a log sees that they belong together.
 */
export function deliveryIdOf(eventId: string, number: number): string {
  if (number > MAX_DELIVERIES) throw new RangeError(`an event has at most ${MAX_DELIVERIES} deliveries`);
  return eventId.slice(0, -4) + number.toString(16).padStart(4, '0');
}

export function eventIdOf(deliveryId: string): string {
  return deliveryIdOf(deliveryId, 0);
}

export function deliveryNumberOf(deliveryId: string): number {
  return Number.parseInt(deliveryId.slice(-4), 16);
}
