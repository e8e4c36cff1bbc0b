import { NEVER_MS } from '../../domain/order.ts';
import type { ClaimByIdsOutcome, ClaimByIdsRequest, DueDelivery, Leased } from '../store.ts';
import { EVENT_COLUMNS, type LeasedRow, MAX_CLAIM_BYTES, TAKEN, toLeased } from './claim.ts';
import { addCounts, addTotals } from './counters.ts';
import type { Query, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';
import type { Walks } from './walks.ts';

/**
 * An expression instead of the column, so that the planner does not consider the partial indexes on pending rows. On empty
 * tables it would estimate a scan of such an index to cost as much as a lookup by key, keep that plan, and later scan the
 * backlog for each id.
 */
export const IS_PENDING = `coalesce(status, '') = 'pending'`;

/** What a claim took, or when a delivery that it did not take is due. */
type ClaimByIdsRow = Readonly<{ asked_n: number }> &
  ((LeasedRow & Readonly<{ due_at: null }>) | Readonly<{ event_id: null; due_at: number }>);

/**
 * Several claims of named deliveries at once, each a look by its key. The last part sees the rows as they were before
 * the statement: what is pending and due there and yet not taken was too much for the claim, or is held by another
 * node for this moment. It is no join with what was taken, which the planner takes for a handful of rows and would walk
 * once for each.
 */
export const CLAIM_BY_IDS: Statement<ClaimByIdsRow> = {
  name: 'claim_by_ids',
  text: `
with asked as materialized (
  select * from unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::bigint[], $6::bigint[])
    with ordinality as t (event_id, number, claim, token, now_ms, until_ms, n)
),
picked as materialized (
  select a.*, d.destination, d.attempts, d.order_key, d.sent_as, d.held
  from asked a cross join lateral (
    select destination, attempts, order_key, sent_as, held from deliveries
    where event_id = a.event_id and number = a.number and ${IS_PENDING} and due_at <= a.now_ms
    for update skip locked
  ) d
),
sized as materialized (
  select p.*, ${EVENT_COLUMNS}, coalesce(sum(octet_length(e.body)) over (
    partition by p.claim order by p.n rows between unbounded preceding and 1 preceding), 0) as bytes_before
  from picked p join events e on e.id = p.event_id
),
taken as (
  update deliveries d set status = 'processing', lease_token = s.token, lease_until = s.until_ms, updated_at = s.now_ms,
    held = null
  from sized s
  where d.event_id = s.event_id and d.number = s.number and s.bytes_before < $7::bigint
  returning s.*
),
counted as (${addCounts('taken', TAKEN)}),
totalled as (${addTotals('0', '(select count(held) - count(*) from taken)')})
select t.n as asked_n, null as due_at, t.* from taken t
union all
select a.n, before.due_at, t.*
from asked a
join deliveries before on before.event_id = a.event_id and before.number = a.number and ${IS_PENDING}
  and before.due_at < ${NEVER_MS}
left join taken t on false
where (a.n in (select n from taken)) is not true
order by asked_n`,
};

type Asked = Readonly<{ request: ClaimByIdsRequest; claim: number; deliveryId: string }>;

/** @see QueuedStore.claimByIds. No two of the requests name the same delivery. */
export async function claimAllByIds(
  query: Query,
  leases: Walks,
  requests: readonly ClaimByIdsRequest[],
): Promise<ClaimByIdsOutcome[]> {
  const asked: Asked[] = requests.flatMap((request, claim) =>
    [...new Set(request.deliveryIds)].map((deliveryId) => ({ request, claim, deliveryId })),
  );
  const outcomes = requests.map(() => emptyOutcome());
  if (asked.length === 0) return outcomes;
  const keys = asked.map(({ deliveryId }) => deliveryKey(deliveryId));
  const rows = await query(CLAIM_BY_IDS, [
    keys.map(({ eventId }) => eventId),
    keys.map(({ number }) => number),
    asked.map(({ claim }) => claim),
    asked.map(({ request }) => request.token),
    asked.map(({ request }) => request.nowMs),
    asked.map(({ request }) => request.leaseUntilMs),
    MAX_CLAIM_BYTES,
  ]);
  leases.lower(Math.min(...requests.map(({ leaseUntilMs }) => leaseUntilMs)));
  for (const row of rows) {
    const one = asked[row.asked_n - 1]!;
    addTo(outcomes[one.claim]!, one, row);
  }
  return outcomes;
}

function emptyOutcome() {
  return { leased: [] as Leased[], early: [] as DueDelivery[], left: [] as string[] };
}

function addTo(
  outcome: ReturnType<typeof emptyOutcome>,
  { request, deliveryId }: Asked,
  row: ClaimByIdsRow,
): void {
  if (row.event_id !== null) outcome.leased.push(toLeased(request, row));
  else if (row.due_at > request.nowMs) outcome.early.push({ deliveryId, dueAtMs: row.due_at });
  else outcome.left.push(deliveryId);
}
