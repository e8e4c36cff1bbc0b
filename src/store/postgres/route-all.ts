import { MAX_DELIVERIES } from '../../domain/delivery.ts';
import { type Addressee, destinationOf, orderKeyOf } from '../../domain/order.ts';
import { type Results, type TargetResult, without } from '../target-slices.ts';
import type { Query } from './database.ts';
import { createTurns, type Made, type Making, makeDeliveries } from './repeat-all.ts';
import { lockFirst, type StepChanges } from './step-changes.ts';
import { HOLDERS, LOCK_EVENTS, READ_ROUTED } from './work-statements.ts';

/** The step of a route: gives each event a delivery for its addressee, unless it has one. */
export async function routeAll(
  query: Query,
  targets: readonly string[],
  addressees: readonly Addressee[],
  making: Making,
  changes: StepChanges,
): Promise<Results> {
  await query(LOCK_EVENTS, [targets]);
  const count = await lockFirst(query, addressees.map(orderKeyOf));
  const asked = targets.slice(0, count);
  const rows = await query(READ_ROUTED, [asked, asked, addressees.slice(0, count).map(destinationOf)]);
  const byId = new Map(rows.map((row) => [row.event_id, row]));
  const isHeld = await findHolders(query, addressees.slice(0, count));
  const turnFor = createTurns();
  const made: Made[] = [];
  const results = asked.map((eventId, at): TargetResult => {
    const row = byId.get(eventId);
    if (row === undefined) return without('gone');
    if (row.is_erased) return without('erased_before');
    if (row.has_delivery) return without('routed_before');
    const addressee = addressees[at]!;
    const [destination, orderKey] = [destinationOf(addressee), orderKeyOf(addressee)];
    const number = (row.last ?? 0) + 1;
    if (number > MAX_DELIVERIES) return without('gone');
    const turn = turnFor(destination, orderKey, orderKey !== null && isHeld(destination, orderKey));
    made.push({ eventId, number, destination, orderKey, turn, replayOf: null, sentAs: null, position: null });
    return { outcome: 'routed', made: number, tookTurn: false };
  });
  await makeDeliveries(query, made, making, changes);
  return results;
}

async function findHolders(
  query: Query,
  addressees: readonly Addressee[],
): Promise<(destination: string, orderKey: string) => boolean> {
  const keyed = addressees.filter((each) => orderKeyOf(each) !== null);
  if (keyed.length === 0) return () => false;
  const rows = await query(HOLDERS, [keyed.map(destinationOf), keyed.map(orderKeyOf)]);
  const held = new Set(rows.map((row) => JSON.stringify([row.destination, row.order_key])));
  return (destination, orderKey) => held.has(JSON.stringify([destination, orderKey]));
}
