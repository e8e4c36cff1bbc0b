import { NEVER_MS } from '../../domain/order.ts';
import type { ReschedulePage } from '../store.ts';
import type { QueryContext, Statement } from './database.ts';
import { cursorOf, type DueRow, readCursor } from './due.ts';

/** Walks the due index. A delivery that another node has just claimed is skipped: its due time no longer counts. */
export const RESCHEDULE: Statement<DueRow & Readonly<{ rescheduled: number; seen: number }>> = {
  name: 'reschedule',
  text: `
with page as (
  select event_id, number, due_at, attempts, updated_at from deliveries
  where destination = $1 and status = 'pending' and due_at < ${NEVER_MS}
    and (due_at, event_id, number) > ($3::bigint, $4::uuid, $5::integer)
  order by due_at, event_id, number limit $6::integer
), wrong as (
  select d.event_id, d.number from deliveries d join page p on d.event_id = p.event_id and d.number = p.number
  where d.status = 'pending' and (d.attempts = 0 or d.updated_at > $2::bigint) and d.due_at > $2::bigint
    and d.due_at < ${NEVER_MS}
  order by d.event_id, d.number
  for update of d skip locked
), rescheduled as (
  update deliveries d set
    due_at = $2::bigint + case when d.attempts = 0 then 0 else greatest(d.due_at - d.updated_at, 0) end,
    updated_at = $2::bigint
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
  { query }: QueryContext,
  destination: string,
  nowMs: number,
  limit: number,
  after: string | null,
): Promise<ReschedulePage> {
  const { dueAtMs, eventId, number } = after === null ? { dueAtMs: nowMs, ...LAST_ID } : readCursor(after);
  const [last] = await query(RESCHEDULE, [destination, nowMs, dueAtMs, eventId, number, limit]);
  if (last === undefined) return { rescheduled: 0, next: null };
  return {
    rescheduled: last.rescheduled,
    next: last.seen < limit ? null : cursorOf(last),
  };
}
