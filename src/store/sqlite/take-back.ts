import { type DeliveryStatus, deliveryIdOf, eventIdOf } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import type { TargetResult } from '../target-slices.ts';
import { KEY_OF_ID, keyParts } from './delivery-key.ts';
import { type Due, preparePass } from './pass-turn.ts';
import { prepareRows } from './prepare-rows.ts';
import type { Writer } from './verbs.ts';

type MadeRow = Readonly<{
  key: number;
  destination: string;
  order_key: string | null;
  turn: Turn | null;
  held: 1 | null;
  replay_of: number | null;
  /** Nobody has ever claimed it: a claim sets `updated_at`. */
  is_untried: number;
}>;

type OldRow = Readonly<{ key: number; status: DeliveryStatus; replayed_by: number | null }>;

/**
 * Removes the delivery that was made for a target, unless somebody may have tried it.
 * @returns the function; null: there was nothing to remove
 */
export function prepareTakeBack(
  writer: Writer,
): (target: string, before: TargetResult | null, due: Due[]) => TargetResult | null {
  const { db, counters } = writer;
  const pass = preparePass(writer);
  const find = prepareRows<MadeRow>(
    db,
    `select key, destination, order_key, turn, held, replay_of,
       status = 'pending' and attempts = 0 and updated_at = created_at as is_untried
     from deliveries where key = ${KEY_OF_ID}`,
  );
  const remove = db.prepare('delete from deliveries where key = ?');
  const restore = prepareRestore(writer);
  return (target, before, due) => {
    if (before === null || before.made === 0 || before.outcome === 'taken_back') return null;
    const made = find.get(...keyParts(deliveryIdOf(eventIdOf(target), before.made)));
    if (made === undefined) return { ...before, outcome: 'gone' };
    if (made.is_untried !== 1) return { ...before, outcome: 'tried' };
    remove.run(made.key);
    counters.add(made.destination, 'pending', -1);
    if (made.held !== null) counters.addHeld(made.destination, -1);
    if (made.turn === 'waits') counters.addOrder(made.destination, 'waiting', -1);
    const getsTurn = before.tookTurn && made.turn === 'holds';
    if (made.replay_of !== null) restore(made.replay_of, made, getsTurn);
    if (!getsTurn) pass(made, due);
    return { ...before, outcome: 'taken_back' };
  };
}

/** The delivery that was repeated is as it was before, unless it has another replay. */
function prepareRestore({ db, counters }: Writer): (key: number, made: MadeRow, getsTurn: boolean) => void {
  const find = prepareRows<OldRow>(db, 'select key, status, replayed_by from deliveries where key = ?');
  const findOther = prepareRows<{ key: number }>(
    db,
    'select key from deliveries where key > ? and key <= (? | 65535) and replay_of = ? order by key limit 1',
  );
  const change = db.prepare('update deliveries set replayed_by = ?, turn = coalesce(?, turn) where key = ?');
  return (key, made, getsTurn) => {
    const old = find.get(key);
    if (old === undefined) return;
    const other = old.replayed_by === made.key ? findOther.get(key, key, key)?.key : old.replayed_by;
    change.run(other ?? null, getsTurn ? 'holds' : null, key);
    if (getsTurn) counters.addOrder(made.destination, 'blocked', 1);
    const isListed = old.status === 'failed' && old.replayed_by !== null && other === undefined;
    if (isListed) counters.add(made.destination, 'failed', 1);
  };
}
