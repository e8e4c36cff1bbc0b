import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { deriveEventStatus, type EventView } from '../../domain/event.ts';
import { bytesToUuid } from './uuid-bytes.ts';

type EventRow = {
  id: Uint8Array;
  source: string;
  idempotency_key: string;
  event_type: string;
  received_at: number;
};
type DeliveryRow = { status: DeliveryStatus; attempts: number; updated_at: number };

/** The columns that a view is made of. */
export const VIEW_COLUMNS = 'id, source, idempotency_key, event_type, received_at';

/** Completes a row of `events` with what its deliveries say. */
export function prepareEventView(db: DatabaseSync): (row: unknown) => EventView {
  const deliveriesOf = db.prepare('select status, attempts, updated_at from deliveries where event_id = ?');
  return (row) => {
    const event = row as EventRow;
    const deliveries = deliveriesOf.all(event.id) as unknown as DeliveryRow[];
    return {
      id: bytesToUuid(event.id),
      source: event.source,
      idempotencyKey: event.idempotency_key,
      eventType: event.event_type,
      status: deriveEventStatus(deliveries.map((delivery) => delivery.status)),
      attempts: deliveries.reduce((sum, delivery) => sum + delivery.attempts, 0),
      receivedAtMs: event.received_at,
      updatedAtMs: deliveries.reduce(
        (latest, delivery) => Math.max(latest, delivery.updated_at),
        event.received_at,
      ),
    };
  };
}
