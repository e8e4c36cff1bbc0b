import type { Delivery } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import { prepareIdOfKey } from './delivery-key.ts';
import type { Writer } from './verbs.ts';

export type Due = Pick<Delivery, 'id' | 'destination'>;

/** A delivery with the turn that it had. */
export type TurnRow = Readonly<{
  key: number;
  destination: string;
  order_key: string | null;
  turn: Turn | null;
}>;

/** Passes the turn that a delivery has given up. @param due takes the delivery that gets it */
export type Pass = (row: TurnRow, due: Due[]) => void;

export function preparePass({ db, turns }: Writer): Pass {
  const idOf = prepareIdOfKey(db);
  return ({ destination, order_key: orderKey, turn }, due) => {
    if (turn !== 'holds' || orderKey === null) return;
    const next = turns.pass(destination, orderKey);
    if (next !== null) due.push({ id: idOf(next.key), destination });
  };
}
