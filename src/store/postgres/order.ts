import type { AuditEntry } from '../../domain/audit.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import { releasedEntry } from '../audit-released.ts';
import { BEFORE_ALL_BLOCKED, readBlockedCursor, toBlockedCursor } from '../blocked-cursor.ts';
import type { Verbs } from '../forward.ts';
import { type BlockedRow, pageOf, toBlockedKey } from '../rows.ts';
import { type BlockedKey, MAX_WAITING_COUNTED, type OrderStore, type ReleaseOutcome } from '../store.ts';
import { appendAudit } from './audit.ts';
import { addOrderCounts } from './counters.ts';
import type { Database, Query, QueryContext, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';
import { type DueRow, toDue } from './due.ts';
import type { Timed } from './lane.ts';
import { lockKeys } from './order-locks.ts';
import { CHANNEL } from './session-link.ts';
import { passTurns } from './turn.ts';
import type { Walks } from './walks.ts';

const blockedText = (behind: string, limit: string) => `
select b.destination, b.order_key, b.event_id, b.number, b.last_error, b.updated_at, w.waiting
from (
  select * from deliveries where turn = 'holds' and status = 'failed' and ${behind}
  order by destination, order_key limit ${limit}
) b
cross join lateral (
  select count(*) as waiting from (
    select 1 from deliveries
    where destination = b.destination and order_key = b.order_key and turn = 'waits' limit ${MAX_WAITING_COUNTED}
  ) counted
) w
order by b.destination, b.order_key`;

type BlockedKeyRow = BlockedRow & Readonly<{ event_id: string; number: number; waiting: number }>;

export const BLOCKED: Statement<BlockedKeyRow> = {
  name: 'blocked',
  text: blockedText('(destination, order_key) > ($1, $2)', '$3'),
};
/** Behind a key, or from the first one on, which may be empty: the third parameter is then null. */
export const BLOCKED_OF: Statement<BlockedKeyRow> = {
  name: 'blocked_of',
  text: blockedText('destination = $1 and order_key >= $2 and order_key is distinct from $3', '$4'),
};

type ReleasedRow = Readonly<{ event_id: string; number: number }> &
  (
    | Readonly<{ next_event_id: string; next_number: number; due_at: number }>
    | Readonly<{ next_event_id: null }>
  );

export const RELEASE: Statement<ReleasedRow> = {
  name: 'release',
  text: `
with freed as (
  update deliveries set turn = null
  where destination = $1 and order_key = $2 and turn = 'holds' and status = 'failed'
  returning destination, order_key, event_id, number
),
passed as (${passTurns('freed')}),
order_changes as (
  select destination, 0 as waiting, -1 as blocked from freed union all select destination, -1, 0 from passed
),
order_counted as (${addOrderCounts('order_changes')})
select f.event_id, f.number, p.event_id as next_event_id, p.number as next_number, p.due_at,
  -- It may have been due for days, further back than other nodes look.
  case when p.due_at is not null then pg_notify('${CHANNEL}', ' ' || p.due_at) end as announced
from freed f left join passed p on true`,
};

export const TURNS_AFTER: Statement<DueRow> = {
  name: 'turns_after',
  text: `
select distinct h.event_id, h.number, h.due_at
from unnest($1::uuid[], $2::integer[]) as asked (event_id, number)
join deliveries d on d.event_id = asked.event_id and d.number = asked.number
join deliveries h on h.destination = d.destination and h.order_key = d.order_key and h.turn = 'holds'
where h.status = 'pending'`,
};

/** @see OrderStore */
export const orderVerbs: Verbs<
  QueryContext & Readonly<{ background: Database; timed: Timed; due: Walks }>,
  keyof OrderStore
> = {
  async listBlocked({ query }, limit, after, destination) {
    const place = readBlockedCursor(after ?? '');
    const [lastDestination, lastKey] = place ?? BEFORE_ALL_BLOCKED;
    const found =
      destination === null
        ? await query(BLOCKED, [lastDestination, lastKey, limit + 1])
        : await query(BLOCKED_OF, [destination, lastKey, place === null ? null : lastKey, limit + 1]);
    const { rows, next } = pageOf(found, limit, (last) =>
      toBlockedCursor([last.destination, last.order_key]),
    );
    return { keys: rows.map(toBlocked), next };
  },
  async releaseKey({ background, timed, due }, destination, orderKey, audit) {
    const outcome = await timed(1, () =>
      background.transaction((query) => release(query, destination, orderKey, audit)),
    );
    if (outcome.kind === 'released' && outcome.next !== null) due.lower(outcome.next.dueAtMs);
    return outcome;
  },
  async turnsAfter({ query }, deliveryIds) {
    const keys = deliveryIds.map(deliveryKey);
    const rows = await query(TURNS_AFTER, [
      keys.map(({ eventId }) => eventId),
      keys.map(({ number }) => number),
    ]);
    return rows.map(toDue);
  },
};

/** In a transaction, since what the statement sees must be later than the lock. */
async function release(
  query: Query,
  destination: string,
  orderKey: string,
  audit: AuditEntry,
): Promise<ReleaseOutcome> {
  await lockKeys(query, [orderKey]);
  const [row] = await query(RELEASE, [destination, orderKey]);
  if (row === undefined) return { kind: 'not_blocked' };
  const released = {
    kind: 'released' as const,
    deliveryId: deliveryIdOf(row.event_id, row.number),
    next:
      row.next_event_id === null
        ? null
        : { deliveryId: deliveryIdOf(row.next_event_id, row.next_number), dueAtMs: row.due_at },
  };
  await appendAudit(query, releasedEntry(audit, destination, released));
  return released;
}

function toBlocked(row: BlockedKeyRow): BlockedKey {
  return toBlockedKey(deliveryIdOf(row.event_id, row.number), row, row.waiting);
}
