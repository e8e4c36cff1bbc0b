import { deliveryIdOf, MAX_DELIVERIES } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import type { OperationStep } from '../store.ts';
import { type Results, type TargetResult, without } from '../target-slices.ts';
import type { Query } from './database.ts';
import { keysOf, lockOrderKeys, type StepChanges } from './step-changes.ts';
import { LOCK_EVENTS, MAKE, READ_TARGETS, SUPERSEDE, type TargetRow } from './work-statements.ts';

/** A delivery that is to be made. */
export type Made = Readonly<{
  eventId: string;
  number: number;
  destination: string;
  replayOf: number | null;
  sentAs: number | null;
  orderKey: string | null;
  turn: Turn | null;
  position: number | null;
}>;

/** When deliveries are made, and for which destinations they are held. */
export type Making = Pick<OperationStep, 'nowMs' | 'closed'>;

/** Inserts them in their order, and notes them as pending, or as held where their destination is closed. */
export async function makeDeliveries(
  query: Query,
  made: readonly Made[],
  { nowMs, closed = [] }: Making,
  changes: StepChanges,
): Promise<void> {
  if (made.length === 0) return;
  const isHeld = ({ destination }: Made) => closed.includes(destination);
  await query(MAKE, [
    nowMs,
    made.map(({ eventId }) => eventId),
    made.map(({ number }) => number),
    made.map(({ destination }) => destination),
    made.map(({ replayOf }) => replayOf),
    made.map(({ sentAs }) => sentAs),
    made.map(({ orderKey }) => orderKey),
    made.map(({ turn }) => turn),
    made.map(({ position }) => position),
    made.map((one) => (isHeld(one) ? 1 : null)),
  ]);
  for (const one of made) {
    const { eventId, number, destination, turn } = one;
    const waits = turn === 'waits';
    changes.add(destination, { pending: 1, held: isHeld(one) ? 1 : 0, waiting: waits ? 1 : 0 });
    if (!waits) changes.addDue(deliveryIdOf(eventId, number), destination, nowMs);
  }
}

/** Gives turns to new deliveries in their order: the first of a key that nobody holds the turn of gets it. */
export function createTurns() {
  const taken = new Set<string>();
  return (destination: string, orderKey: string | null, hasHolder: boolean): Turn | null => {
    if (orderKey === null) return null;
    const key = JSON.stringify([destination, orderKey]);
    if (hasHolder || taken.has(key)) return 'waits';
    taken.add(key);
    return 'holds';
  };
}

/** The step of a replay: what a replay of each would do, in their order. @see replay.ts */
export async function repeatAll(
  query: Query,
  targets: readonly string[],
  making: Making,
  changes: StepChanges,
): Promise<Results> {
  await query(LOCK_EVENTS, [[...new Set(keysOf(targets)[0])]]);
  const asked = targets.slice(0, await lockOrderKeys(query, targets));
  const rows = await query(READ_TARGETS, keysOf(asked));
  const byId = new Map(rows.map((row) => [deliveryIdOf(row.event_id, row.number), row]));
  const lastOf = new Map(rows.map((row) => [row.event_id, row.last]));
  const turnFor = createTurns();
  const made: Made[] = [];
  const results = asked.map((id): TargetResult => {
    const row = byId.get(id);
    const refusal = refusalOf(row);
    if (row === undefined || refusal !== null) return without(refusal ?? 'gone');
    const number = lastOf.get(row.event_id)! + 1;
    if (number > MAX_DELIVERIES) return without('gone');
    lastOf.set(row.event_id, number);
    const tookTurn = row.turn === 'holds';
    made.push({
      eventId: row.event_id,
      number,
      destination: row.destination,
      replayOf: row.number,
      sentAs: row.status === 'failed' ? (row.sent_as ?? row.number) : null,
      orderKey: row.order_key,
      turn: tookTurn ? 'holds' : turnFor(row.destination, row.order_key, row.has_holder),
      position: row.position,
    });
    if (row.status === 'failed' && !row.is_counted_out) changes.add(row.destination, { failed: -1 });
    if (tookTurn) changes.add(row.destination, { blocked: -1 });
    return { outcome: 'replayed', made: number, tookTurn };
  });
  if (made.length === 0) return results;
  const repeated = made.map(({ eventId, replayOf }) => deliveryIdOf(eventId, replayOf!));
  await query(SUPERSEDE, [...keysOf(repeated), made.map(({ number }) => number)]);
  await makeDeliveries(query, made, making, changes);
  return results;
}

function refusalOf(row: TargetRow | undefined): TargetResult['outcome'] | null {
  if (row === undefined) return 'gone';
  if (row.status === 'pending' || row.status === 'processing') return 'open';
  if (row.is_erased) return 'erased_before';
  return row.replayed_by === null ? null : 'superseded';
}
