import { NEVER_MS } from '../../domain/order.ts';
import type { ReschedulePage } from '../store.ts';
import { IS_PENDING } from './claim-by-ids.ts';
import type { QueryContext, Statement } from './database.ts';
import { cursorOf, type DueRow, readCursor } from './due.ts';
import type { Walks } from './walks.ts';

/** Walks the due index, and looks at each delivery of the page by its key. A delivery that another node has just claimed is skipped: its due time no longer counts. */
export const RESCHEDULE: Statement<DueRow & Readonly<{ rescheduled: number; seen: number }>> = {
  name: 'reschedule',
  text: `
with page as materialized (
  select event_id, number, due_at from deliveries
  where destination = $1 and status = 'pending' and due_at < ${NEVER_MS}
    and (due_at, event_id, number) > ($3::bigint, $4::uuid, $5::integer)
  order by due_at, event_id, number limit $6::integer
), wrong as materialized (
  select p.event_id, p.number, d.wait_ms
  from page p cross join lateral (
    select case when attempts = 0 then 0 else greatest(due_at - updated_at, 0) end as wait_ms from deliveries
    where event_id = p.event_id and number = p.number and ${IS_PENDING}
      and due_at > $2::bigint and due_at < ${NEVER_MS} and (attempts = 0 or updated_at > $2::bigint)
    for update skip locked
  ) d
), rescheduled as (
  update deliveries d set due_at = $2::bigint + w.wait_ms, updated_at = $2::bigint
  from wrong w where d.event_id = w.event_id and d.number = w.number
  returning 1
)
select due_at, event_id, number, (select count(*)::integer from rescheduled) as rescheduled,
  (select count(*)::integer from page) as seen
from page order by due_at desc, event_id desc, number desc limit 1`,
};

const LAST_ID = { eventId: 'ffffffff-ffff-ffff-ffff-ffffffffffff', number: 2_147_483_647 };

/** @see RescheduleStore.reschedule. The cursor has due time and id, so that it outlives the delivery it points to. */
export async function reschedule(
  { query, due }: QueryContext & Readonly<{ due: Walks }>,
  destination: string,
  nowMs: number,
  limit: number,
  after: string | null,
): Promise<ReschedulePage> {
  const { dueAtMs, eventId, number } = after === null ? { dueAtMs: nowMs, ...LAST_ID } : readCursor(after);
  const asked = [destination, nowMs, dueAtMs, eventId, number, limit];
  const [last] = await due.whileWriting(nowMs, () => query(RESCHEDULE, asked));
  if (last === undefined) return { rescheduled: 0, next: null };
  return {
    rescheduled: last.rescheduled,
    next: last.seen < limit ? null : cursorOf(last),
  };
}
