import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { deliveryIdOf, deliveryNumberOf, eventIdOf } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import type { Counters } from './counters.ts';
import { deliveryKey, eventSeqOf, KEY_OF_ID, keyParts, OF_EVENT } from './delivery-key.ts';
import type { Verbs } from './operations.ts';
import type { Turns } from './turn.ts';

type Row = {
  key: number;
  destination: string;
  status: DeliveryStatus;
  order_key: string | null;
  turn: Turn | null;
};

/** @see OperateStore.replay */
export function prepareReplay(
  db: DatabaseSync,
  counters: Counters,
  turns: Turns,
  maxPending: number,
): Verbs['replay'] {
  const find = db.prepare(
    `select key, destination, status, order_key, turn from deliveries where key = ${KEY_OF_ID}`,
  );
  const findLast = db.prepare(`select max(key) as last from deliveries where key ${OF_EVENT}`);
  const insert = db.prepare(
    `insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at, replay_of, order_key, turn)
     values (?, ?, 'pending', 0, ?, ?, ?, ?, ?, ?)`,
  );
  const giveUp = db.prepare('update deliveries set turn = null where key = ?');
  return ({ deliveryId, nowMs }) => {
    const row = find.get(...keyParts(deliveryId)) as Row | undefined;
    if (row === undefined) return { kind: 'unknown' };
    if (row.status === 'pending' || row.status === 'processing') return { kind: 'open', status: row.status };
    if (row.turn !== 'holds' && counters.pending() + 1 > maxPending) return { kind: 'full' };
    const eventId = eventIdOf(deliveryId);
    const seq = eventSeqOf(row.key);
    const { last } = findLast.get(seq, seq) as { last: number };
    const id = deliveryIdOf(eventId, last - deliveryKey(seq, 0) + 1);
    const { destination, order_key: orderKey } = row;
    if (row.turn === 'holds') {
      // Its replay takes its turn before anybody else can.
      giveUp.run(row.key);
      counters.addOrder(destination, 'blocked', -1);
    }
    const { turn, dueAtMs } = turns.takePlace(destination, orderKey, nowMs);
    const key = deliveryKey(seq, deliveryNumberOf(id));
    insert.run(key, destination, dueAtMs, nowMs, nowMs, row.key, orderKey, turn);
    counters.add(destination, 'pending', 1);
    return {
      kind: 'replayed',
      delivery: {
        id,
        eventId,
        destination,
        status: 'pending',
        attempts: 0,
        dueAtMs,
        lastError: null,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        replayOf: deliveryId,
        orderKey,
        turn,
      },
    };
  };
}
