import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { deliveryIdOf, deliveryNumberOf, eventIdOf } from '../../domain/delivery.ts';
import type { Counters } from './counters.ts';
import { deliveryKey, eventSeqOf, KEY_OF_ID, keyParts, OF_EVENT } from './delivery-key.ts';
import type { Verbs } from './operations.ts';

/** @see OperateStore.replay */
export function prepareReplay(db: DatabaseSync, counters: Counters, maxPending: number): Verbs['replay'] {
  const find = db.prepare(`select key, destination, status from deliveries where key = ${KEY_OF_ID}`);
  const findLast = db.prepare(`select max(key) as last from deliveries where key ${OF_EVENT}`);
  const insert = db.prepare(
    `insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at, replay_of)
     values (?, ?, 'pending', 0, ?, ?, ?, ?)`,
  );
  return ({ deliveryId, nowMs }) => {
    const row = find.get(...keyParts(deliveryId)) as
      | { key: number; destination: string; status: DeliveryStatus }
      | undefined;
    if (row === undefined) return { kind: 'unknown' };
    if (row.status === 'pending' || row.status === 'processing') return { kind: 'open', status: row.status };
    if (counters.pending() + 1 > maxPending) return { kind: 'full' };
    const eventId = eventIdOf(deliveryId);
    const seq = eventSeqOf(row.key);
    const { last } = findLast.get(seq, seq) as { last: number };
    const id = deliveryIdOf(eventId, last - deliveryKey(seq, 0) + 1);
    insert.run(deliveryKey(seq, deliveryNumberOf(id)), row.destination, nowMs, nowMs, nowMs, row.key);
    counters.add(row.destination, 'pending', 1);
    return {
      kind: 'replayed',
      delivery: {
        id,
        eventId,
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
