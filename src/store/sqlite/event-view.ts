import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { deriveEventStatus, type EventView } from '../../domain/event.ts';
import { deliveryIdOfKey, OF_EVENT } from './delivery-key.ts';
import { bytesToUuid } from './uuid-bytes.ts';

type EventRow = {
  seq: number;
  id: Uint8Array;
  source: string;
  idempotency_key: string;
  event_type: string;
  received_at: number;
};
type DeliveryRow = {
  key: number;
  status: DeliveryStatus;
  attempts: number;
  updated_at: number;
  replay_of: number | null;
};

/** The columns that a view is made of. */
export const VIEW_COLUMNS = 'seq, id, source, idempotency_key, event_type, received_at';

/** Completes a row of `events` with what its deliveries say. */
export function prepareEventView(db: DatabaseSync): (row: unknown) => EventView {
  const deliveriesOf = db.prepare(
    `select key, status, attempts, updated_at, replay_of from deliveries where key ${OF_EVENT}`,
  );
  return (row) => {
    const event = row as EventRow;
    const id = bytesToUuid(event.id);
    const deliveries = deliveriesOf.all(event.seq, event.seq) as unknown as DeliveryRow[];
    const statuses = deliveries.map(({ key, status, replay_of: old }) => ({
      id: deliveryIdOfKey(id, key),
      status,
      replayOf: old === null ? null : deliveryIdOfKey(id, old),
    }));
    return {
      id,
      source: event.source,
      idempotencyKey: event.idempotency_key,
      eventType: event.event_type,
      status: deriveEventStatus(statuses),
      attempts: deliveries.reduce((sum, delivery) => sum + delivery.attempts, 0),
      receivedAtMs: event.received_at,
      updatedAtMs: deliveries.reduce(
        (latest, delivery) => Math.max(latest, delivery.updated_at),
        event.received_at,
      ),
    };
  };
}
