import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { Counters } from './counters.ts';
import type { Verbs } from './operations.ts';
import { bytesToUuid, uuidToBytes } from './uuid-bytes.ts';

/** @see OperateStore.replay */
export function prepareReplay(db: DatabaseSync, counters: Counters, maxPending: number): Verbs['replay'] {
  const find = db.prepare('select event_id, destination, status from deliveries where id = ?');
  const insert = db.prepare(
    `insert into deliveries (id, event_id, destination, status, attempts, due_at, created_at, updated_at, replay_of)
     values (?, ?, ?, 'pending', 0, ?, ?, ?, ?)`,
  );
  return ({ deliveryId, newDeliveryId, nowMs }) => {
    const old = uuidToBytes(deliveryId);
    const row = find.get(old) as
      | { event_id: Uint8Array; destination: string; status: DeliveryStatus }
      | undefined;
    if (row === undefined) return { kind: 'unknown' };
    if (row.status === 'pending' || row.status === 'processing') return { kind: 'open', status: row.status };
    if (counters.pending() + 1 > maxPending) return { kind: 'full' };
    insert.run(uuidToBytes(newDeliveryId), row.event_id, row.destination, nowMs, nowMs, nowMs, old);
    counters.add(row.destination, 'pending', 1);
    return {
      kind: 'replayed',
      delivery: {
        id: newDeliveryId,
        eventId: bytesToUuid(row.event_id),
        destination: row.destination,
        status: 'pending',
        attempts: 0,
        dueAtMs: nowMs,
        lastError: null,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        replayOf: deliveryId,
      },
    };
  };
}
