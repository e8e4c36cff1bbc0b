import { type Delivery, deliveryIdOf } from '../../domain/delivery.ts';
import type { Turn } from '../../domain/order.ts';
import type { Query } from './database.ts';
import { deliveryKey } from './delivery-key.ts';
import { lockKeys, MAX_ORDER_KEYS } from './order-locks.ts';
import { COUNT_STEP, KEYS_OF_TARGETS, PASS_TURNS } from './work-statements.ts';

type Counted = 'pending' | 'failed' | 'held' | 'waiting' | 'blocked';

/** What a step changes beside its rows: counters, turns that were given up, and deliveries that became due. */
export type StepChanges = Readonly<{
  add(destination: string, change: Readonly<Partial<Record<Counted, number>>>): void;
  /** Of a delivery that is no longer there to hold or wait for a turn. */
  giveUpTurn(row: Readonly<{ destination: string; order_key: string | null; turn: Turn | null }>): void;
  addDue(id: string, destination: string, dueAtMs: number): void;
  /** Passes the turns and writes the counters. The last statements of the step but for the audit. */
  write(query: Query): Promise<void>;
  due(): readonly Pick<Delivery, 'id' | 'destination'>[];
  /** Since when the first of them is due; infinite if there is none. */
  firstDueMs(): number;
  /** How many more deliveries are pending and not held. */
  unheld(): number;
  /** How many more are held. */
  held(): number;
}>;

export function createStepChanges(): StepChanges {
  const counts = new Map<string, Record<Counted, number>>();
  const freed = new Map<string, readonly [destination: string, orderKey: string]>();
  const due: Pick<Delivery, 'id' | 'destination'>[] = [];
  let firstDueMs = Number.POSITIVE_INFINITY;
  const add: StepChanges['add'] = (destination, change) => {
    const sums = counts.get(destination) ?? { pending: 0, failed: 0, held: 0, waiting: 0, blocked: 0 };
    for (const [name, by] of Object.entries(change)) sums[name as Counted] += by;
    counts.set(destination, sums);
  };
  const addDue: StepChanges['addDue'] = (id, destination, dueAtMs) => {
    due.push({ id, destination });
    firstDueMs = Math.min(firstDueMs, dueAtMs);
  };
  const pass = async (query: Query) => {
    const keys = [...freed.values()];
    if (keys.length === 0) return;
    const passed = await query(PASS_TURNS, [keys.map(([name]) => name), keys.map(([, key]) => key)]);
    for (const row of passed) {
      add(row.destination, { waiting: -1 });
      addDue(deliveryIdOf(row.event_id, row.number), row.destination, row.due_at);
    }
  };
  return {
    add,
    giveUpTurn({ destination, order_key: orderKey, turn }) {
      if (turn === 'waits') add(destination, { waiting: -1 });
      if (turn !== 'holds' || orderKey === null) return;
      freed.set(JSON.stringify([destination, orderKey]), [destination, orderKey]);
    },
    addDue,
    async write(query) {
      await pass(query);
      const names = [...counts.keys()];
      if (names.length === 0) return;
      const columnOf = (name: Counted) => names.map((each) => counts.get(each)![name]);
      const columns = (['pending', 'failed', 'held', 'waiting', 'blocked'] as const).map(columnOf);
      await query(COUNT_STEP, [names, ...columns]);
    },
    due: () => due,
    firstDueMs: () => firstDueMs,
    held: () => [...counts.values()].reduce((sum, { held }) => sum + held, 0),
    unheld: () => [...counts.values()].reduce((sum, { pending, held }) => sum + pending - held, 0),
  };
}

/** Arrays of the events and numbers of deliveries, as parameters. */
export function keysOf(deliveryIds: readonly string[]): [eventIds: string[], numbers: number[]] {
  const keys = deliveryIds.map(deliveryKey);
  return [keys.map(({ eventId }) => eventId), keys.map(({ number }) => number)];
}

/**
 * Takes the locks of the order keys of the first of these deliveries.
 * @returns how many of them: no more than have MAX_ORDER_KEYS keys together
 */
export async function lockOrderKeys(query: Query, deliveryIds: readonly string[]): Promise<number> {
  const rows = await query(KEYS_OF_TARGETS, keysOf(deliveryIds));
  if (rows.length === 0) return deliveryIds.length;
  const keyOf = new Map(rows.map((row) => [deliveryIdOf(row.event_id, row.number), row.order_key]));
  return lockFirst(
    query,
    deliveryIds.map((id) => keyOf.get(id) ?? null),
  );
}

/** The same for keys that are known; null for a delivery without one. */
export async function lockFirst(query: Query, orderKeys: readonly (string | null)[]): Promise<number> {
  const keys = new Set<string>();
  let count = 0;
  for (const key of orderKeys) {
    if (key !== null && !keys.has(key) && keys.size === MAX_ORDER_KEYS) break;
    if (key !== null) keys.add(key);
    count += 1;
  }
  await lockKeys(query, keys);
  return count;
}
