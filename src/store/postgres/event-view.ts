import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { EventView } from '../../domain/event.ts';
import { type EventNameRow, toEventView } from '../rows.ts';

/** What a view is made of, of an event `e`: its own columns, and its deliveries as one value. */
export const VIEW_COLUMNS = `
  e.id, e.source, e.idempotency_key, e.event_type, e.received_at, e.origin,
  (select x.erased_at from erased x where x.event_id = e.id) as erased_at,
  (select json_agg(json_build_array(d.number, d.status, d.attempts, d.updated_at, d.replay_of))
   from deliveries d where d.event_id = e.id) as deliveries`;

type DeliveryTuple = readonly [
  number: number,
  status: DeliveryStatus,
  attempts: number,
  updatedAtMs: number,
  replayOf: number | null,
];

/** A row with `VIEW_COLUMNS`. */
export type ViewRow = EventNameRow & Readonly<{ id: string; deliveries: readonly DeliveryTuple[] | null }>;

export function viewOf(row: ViewRow): EventView {
  const deliveries = (row.deliveries ?? []).map(([number, status, attempts, updatedAtMs, replayOf]) => ({
    number,
    status,
    attempts,
    updatedAtMs,
    replayOf,
  }));
  return toEventView(row.id, row, deliveries);
}
