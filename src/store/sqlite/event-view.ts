import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { EventView } from '../../domain/event.ts';
import { type EventNameRow, toEventView } from '../rows.ts';
import { numberOfKey, numberOrNull, OF_EVENT } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';
import { bytesToUuid } from './uuid-bytes.ts';

/** The columns that a view is made of. */
export const VIEW_COLUMNS = `
  seq, id, source, idempotency_key, event_type, received_at, origin,
  (select erased_at from erased x where x.seq = events.seq) as erased_at`;
export type ViewRow = EventNameRow & Readonly<{ seq: number; id: Uint8Array }>;

type DeliveryRow = Readonly<{
  key: number;
  status: DeliveryStatus;
  attempts: number;
  updated_at: number;
  replay_of: number | null;
}>;

/** Completes a row of `events` with what its deliveries say. */
export function prepareEventView(db: DatabaseSync): (row: ViewRow) => EventView {
  const deliveriesOf = prepareRows<DeliveryRow>(
    db,
    `select key, status, attempts, updated_at, replay_of from deliveries where key ${OF_EVENT}`,
  );
  return (row) => {
    const deliveries = deliveriesOf.all(row.seq, row.seq).map((delivery) => ({
      number: numberOfKey(delivery.key),
      status: delivery.status,
      attempts: delivery.attempts,
      updatedAtMs: delivery.updated_at,
      replayOf: numberOrNull(delivery.replay_of),
    }));
    return toEventView(bytesToUuid(row.id), row, deliveries);
  };
}
