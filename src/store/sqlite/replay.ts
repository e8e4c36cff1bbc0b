import { withOutcome } from '../../domain/audit.ts';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { deliveryIdOf, deliveryNumberOf, eventIdOf } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import { newReplay } from '../rows.ts';
import type { Bound, ReplayOptions, ReplayOutcome } from '../store.ts';
import {
  deliveryIdOfKey,
  deliveryKey,
  eventSeqOf,
  KEY_OF_ID,
  keyParts,
  numberOfKey,
  numberOrNull,
  OF_EVENT,
} from './delivery-key.ts';
import { boundFor } from './insert.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Writer, Writes } from './verbs.ts';

type OldRow = Readonly<{
  key: number;
  destination: string;
  status: DeliveryStatus;
  order_key: string | null;
  turn: Turn | null;
  replayed_by: number | null;
  sent_as: number | null;
}>;

/** @see OperateStore.replay */
export const replayWrites: Writes<'replay'> = {
  replay(writer) {
    const repeat = prepareRepeat(writer);
    return (deliveryId, nowMs, options, entry) => {
      const { outcome } = repeat(deliveryId, nowMs, options);
      if (outcome.kind !== 'replayed') return outcome;
      const { destination, id } = outcome.delivery;
      writer.audit.append(withOutcome(entry, { destination, replay_id: id }));
      return outcome;
    };
  },
};

/** What a replay came to, and whether it took the turn of its order key from the delivery that it repeats. */
export type Repeated = Readonly<{ outcome: ReplayOutcome; tookTurn: boolean }>;

const refused = (outcome: ReplayOutcome): Repeated => ({ outcome, tookTurn: false });

/** The replay without its row in the audit. */
export function prepareRepeat(
  writer: Writer,
): (deliveryId: string, nowMs: number, options: ReplayOptions) => Repeated {
  const { db, counters, turns } = writer;
  const find = prepareRows<OldRow>(
    db,
    `select key, destination, status, order_key, turn, replayed_by, sent_as from deliveries where key = ${KEY_OF_ID}`,
  );
  const findLast = prepareRows<{ last: number }>(
    db,
    `select max(key) as last from deliveries where key ${OF_EVENT}`,
  );
  const insert = db.prepare(
    `insert into deliveries (key, destination, status, attempts, due_at, created_at, updated_at, replay_of, sent_as,
         order_key, turn, held)
       values (?, ?, 'pending', 0, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const isErased = db.prepare('select 1 from erased where seq = ?');
  const giveUp = db.prepare('update deliveries set turn = null where key = ?');
  const supersede = db.prepare('update deliveries set replayed_by = ? where key = ?');
  return (deliveryId, nowMs, options) => {
    const old = find.get(...keyParts(deliveryId));
    if (old === undefined) return refused({ kind: 'unknown' });
    const isHeld = options.closed?.includes(old.destination) === true;
    const bound = boundFor(writer, 1, isHeld ? 1 : 0);
    const isGone = isErased.get(eventSeqOf(old.key)) !== undefined;
    const refusal = refusalOf(old, deliveryId, options, { isGone, bound });
    if (refusal !== null) return refused(refusal);
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
    const key = deliveryKey(seq, number);
    const sentAs = old.status === 'failed' ? (old.sent_as ?? old.key) : null;
    insert.run(key, destination, dueAtMs, nowMs, nowMs, old.key, sentAs, orderKey, turn, isHeld ? 1 : null);
    counters.add(destination, 'pending', 1);
    if (isHeld) counters.addHeld(destination, 1);
    if (old.replayed_by === null) {
      supersede.run(key, old.key);
      if (old.status === 'failed') counters.add(destination, 'failed', -1);
    }
    const delivery = newReplay(
      { eventId, number, replayOf: deliveryNumberOf(deliveryId), sentAs: numberOrNull(sentAs) },
      { destination, due_at: dueAtMs, order_key: orderKey, turn },
      nowMs,
    );
    return { outcome: { kind: 'replayed', delivery }, tookTurn: old.turn === 'holds' };
  };
}

function refusalOf(
  old: OldRow,
  deliveryId: string,
  { completed = false, again = false, beyondLimit = false }: ReplayOptions,
  { isGone, bound }: Readonly<{ isGone: boolean; bound: Bound | null }>,
): ReplayOutcome | null {
  const { status, turn, replayed_by: replayedBy } = old;
  if (status === 'pending' || status === 'processing') return { kind: 'open', status };
  if (isGone) return { kind: 'erased' };
  if (status === 'completed' && !completed) return { kind: 'completed' };
  if (replayedBy !== null && !again) {
    return { kind: 'already_replayed', replayId: deliveryIdOfKey(eventIdOf(deliveryId), replayedBy) };
  }
  return bound !== null && !(beyondLimit && turn === 'holds') ? { kind: 'full', bound } : null;
}
