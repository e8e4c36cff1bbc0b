import { deliveryIdOf } from '../../domain/delivery.ts';
import type { Verbs } from '../forward.ts';
import { pageOf } from '../rows.ts';
import type { DueDelivery } from '../store.ts';
import type { QueryContext, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';
import { type Walks, walking } from './walks.ts';

/** A walk of the due index that ends at the limit. */
export const COUNT_DUE: Statement<{ due: number; first: number | null }> = {
  name: 'count_due',
  text: `
select count(*) as due, min(due_at) as first from (
  select due_at from deliveries
  where destination = $1 and status = 'pending' and due_at >= $4::bigint and due_at <= $2::bigint
  order by due_at, event_id, number limit $3::integer
) as found`,
};

/** A row of the due index. */
export type DueRow = Readonly<{ due_at: number; event_id: string; number: number }>;

export const DUE_PENDING: Statement<DueRow> = {
  name: 'due_pending',
  text: `
select due_at, event_id, number from deliveries
where destination = $1 and status = 'pending' and due_at <= $2::bigint
  and (due_at, event_id, number) > ($3::bigint, $4::uuid, $5::integer)
order by due_at, event_id, number limit $6::integer`,
};

/** Comes before every delivery of its time. */
const FIRST = { eventId: '00000000-0000-0000-0000-000000000000', number: 0 };

/** @see QueuedStore */
export const dueVerbs: Verbs<QueryContext & Readonly<{ due: Walks }>, 'countDue' | 'duePending'> = {
  async countDue({ query, due }, destination, untilMs, limit) {
    const row = await walking(due, destination, untilMs, async (fromMs) => {
      const [counted] = await query(COUNT_DUE, [destination, untilMs, limit, fromMs]);
      return [counted!, counted!.first];
    });
    return row.due;
  },
  async duePending({ query, due }, destination, untilMs, limit, after) {
    const pageFrom = ({ dueAtMs, eventId, number }: ReturnType<typeof readCursor>) =>
      // One more than asked for tells whether there is another page.
      query(DUE_PENDING, [destination, untilMs, dueAtMs, eventId, number, limit + 1]);
    const found =
      after !== null
        ? await pageFrom(readCursor(after))
        : await walking(due, destination, untilMs, async (fromMs) => {
            const first = await pageFrom({ dueAtMs: fromMs, ...FIRST });
            return [first, first[0]?.due_at ?? null];
          });
    const { rows, next } = pageOf(found, limit, cursorOf);
    return { deliveries: rows.map(toDue), next };
  },
};

export function toDue({ due_at: dueAtMs, event_id: eventId, number }: DueRow): DueDelivery {
  return { deliveryId: deliveryIdOf(eventId, number), dueAtMs };
}

/** The due time and the id, so that the cursor outlives the delivery it points to. */
export function cursorOf(row: DueRow): string {
  return `${row.due_at}:${deliveryIdOf(row.event_id, row.number)}`;
}

export function readCursor(cursor: string) {
  const [dueAtMs, deliveryId] = cursor.split(':') as [string, string];
  return { dueAtMs: Number(dueAtMs), ...deliveryKey(deliveryId) };
}
