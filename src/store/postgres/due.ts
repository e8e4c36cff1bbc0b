import { deliveryIdOf } from '../../domain/delivery.ts';
import type { Verbs } from '../forward.ts';
import type { QueryContext, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';

/** A walk of the due index that ends at the limit. */
export const COUNT_DUE: Statement = {
  name: 'count_due',
  text: `
select count(*) as due from (
  select 1 from deliveries where destination = $1 and status = 'pending' and due_at <= $2::bigint limit $3::integer
) as found`,
};

export const DUE_PENDING: Statement = {
  name: 'due_pending',
  text: `
select due_at, event_id, number from deliveries
where destination = $1 and status = 'pending' and due_at <= $2::bigint
  and (due_at, event_id, number) > ($3::bigint, $4::uuid, $5::integer)
order by due_at, event_id, number limit $6::integer`,
};

/** Comes before every delivery. */
const START = { dueAtMs: -1, eventId: '00000000-0000-0000-0000-000000000000', number: 0 };

/** @see QueuedStore */
export const dueVerbs: Verbs<QueryContext, 'countDue' | 'duePending'> = {
  async countDue({ query }, destination, untilMs, limit) {
    const [row] = await query(COUNT_DUE, [destination, untilMs, limit]);
    return row!.due as number;
  },
  /** The cursor has the due time and the id, so that it outlives the delivery it points to. */
  async duePending({ query }, destination, untilMs, limit, after) {
    const { dueAtMs, eventId, number } = after === null ? START : placeOf(after);
    // One more than asked for tells whether there is another page.
    const rows = await query(DUE_PENDING, [destination, untilMs, dueAtMs, eventId, number, limit + 1]);
    const deliveries = rows.slice(0, limit).map((row) => ({
      deliveryId: deliveryIdOf(row.event_id as string, row.number as number),
      dueAtMs: row.due_at as number,
    }));
    const last = deliveries.at(-1);
    const hasMore = last !== undefined && rows.length > limit;
    return { deliveries, next: hasMore ? `${last.dueAtMs}:${last.deliveryId}` : null };
  },
};

function placeOf(cursor: string) {
  const [dueAtMs, deliveryId] = cursor.split(':') as [string, string];
  return { dueAtMs: Number(dueAtMs), ...deliveryKey(deliveryId) };
}
