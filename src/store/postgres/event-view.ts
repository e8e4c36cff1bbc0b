import { type DeliveryStatus, deliveryIdOf } from '../../domain/delivery.ts';
import { deriveEventStatus, type EventView } from '../../domain/event.ts';
import type { Row } from './database.ts';

/** What a view is made of, of an event `e`: its own columns, and its deliveries as one value. */
export const VIEW_COLUMNS = `
  e.id, e.source, e.idempotency_key, e.event_type, e.received_at,
  (select json_agg(json_build_array(d.number, d.status, d.attempts, d.updated_at, d.replay_of))
   from deliveries d where d.event_id = e.id) as deliveries`;

type DeliveryTuple = readonly [
  number: number,
  status: DeliveryStatus,
  attempts: number,
  updatedAtMs: number,
  replayOf: number | null,
];

/** Completes a row of `events` with what its deliveries say. */
export function viewOf(row: Row): EventView {
  const id = row.id as string;
  const receivedAtMs = row.received_at as number;
  const deliveries = (row.deliveries ?? []) as readonly DeliveryTuple[];
  const statuses = deliveries.map(([number, status, , , replayOf]) => ({
    id: deliveryIdOf(id, number),
    status,
    replayOf: replayOf === null ? null : deliveryIdOf(id, replayOf),
  }));
  return {
    id,
    source: row.source as string,
    idempotencyKey: row.idempotency_key as string,
    eventType: row.event_type as string,
    status: deriveEventStatus(statuses),
    attempts: deliveries.reduce((sum, [, , attempts]) => sum + attempts, 0),
    receivedAtMs,
    updatedAtMs: deliveries.reduce((latest, [, , , at]) => Math.max(latest, at), receivedAtMs),
  };
}
