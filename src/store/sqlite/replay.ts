import { withOutcome } from '../../domain/audit.ts';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { deliveryIdOf, deliveryNumberOf, eventIdOf } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import { newReplay } from '../rows.ts';
import { deliveryKey, eventSeqOf, KEY_OF_ID, keyParts, numberOfKey, OF_EVENT } from './delivery-key.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Writes } from './verbs.ts';

type OldRow = Readonly<{
  key: number;
  destination: string;
  status: DeliveryStatus;
  order_key: string | null;
  turn: Turn | null;
}>;

/** @see OperateStore.replay */
export const replayWrites: Writes<'replay'> = {
  replay({ db, counters, turns, audit, maxPendingDeliveries }) {
    const find = prepareRows<OldRow>(
      db,
      `select key, destination, status, order_key, turn from deliveries where key = ${KEY_OF_ID}`,
    );
    const findLast = prepareRows<{ last: number }>(
      db,
      `select max(key) as last from deliveries where key ${OF_EVENT}`,
    );
    const insert = db.prepare(
      `insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at, replay_of, order_key,
         turn)
       values (?, ?, 'pending', 0, ?, ?, ?, ?, ?, ?)`,
    );
    const isErased = db.prepare('select 1 from erased where seq = ?');
    const giveUp = db.prepare('update deliveries set turn = null where key = ?');
    return (deliveryId, nowMs, entry) => {
      const old = find.get(...keyParts(deliveryId));
      if (old === undefined) return { kind: 'unknown' };
      if (old.status === 'pending' || old.status === 'processing')
        return { kind: 'open', status: old.status };
      if (isErased.get(eventSeqOf(old.key)) !== undefined) return { kind: 'erased' };
      if (old.turn !== 'holds' && counters.pending() + 1 > maxPendingDeliveries) return { kind: 'full' };
      const eventId = eventIdOf(deliveryId);
      const seq = eventSeqOf(old.key);
      const number = numberOfKey(findLast.get(seq, seq)!.last) + 1;
      // Throws when the event has as many deliveries as ids have room for.
      deliveryIdOf(eventId, number);
      const { destination, order_key: orderKey } = old;
      if (old.turn === 'holds') {
        // The replay takes the turn before any other delivery can.
        giveUp.run(old.key);
        counters.addOrder(destination, 'blocked', -1);
      }
      const { turn, dueAtMs } = turns.takePlace(destination, orderKey, nowMs);
      insert.run(deliveryKey(seq, number), destination, dueAtMs, nowMs, nowMs, old.key, orderKey, turn);
      counters.add(destination, 'pending', 1);
      const delivery = newReplay(
        { eventId, number, replayOf: deliveryNumberOf(deliveryId) },
        { destination, due_at: dueAtMs, order_key: orderKey, turn },
        nowMs,
      );
      audit.append(withOutcome(entry, { destination, replay_id: delivery.id }));
      return { kind: 'replayed', delivery };
    };
  },
};
