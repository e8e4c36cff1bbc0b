/** `pending` and `processing` are open, `completed` and `failed` terminal. */
export const DELIVERY_STATUSES = ['pending', 'processing', 'completed', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** Event x destination: the only thing whose state changes. */
export type Delivery = Readonly<{
  /** UUIDv7. Sent to HTTP destinations as Idempotency-Key, equal over all attempts. */
  id: string;
  eventId: string;
  destination: string;
  status: DeliveryStatus;
  /** Finished tries. */
  attempts: number;
  dueAtMs: number;
  lastError: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  /** The delivery that this one repeats, or null. */
  replayOf: string | null;
}>;

/** What `insertEvent` makes of one destination that wants the event. */
export type NewDelivery = Readonly<{ id: string; destination: string }>;
