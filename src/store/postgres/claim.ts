import { deliveryIdOf } from '../../domain/delivery.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import { NEVER_MS } from '../../domain/order.ts';
import { type EventRow, toEvent } from '../rows.ts';
import type { ClaimOutcome, ClaimRequest, Leased } from '../store.ts';
import { addCounts, addTotals } from './counters.ts';
import type { Query, Statement } from './database.ts';
import type { Walks } from './walks.ts';

/** Payload bytes after which one claim takes no more, so that a few huge events cannot fill the memory. */
export const MAX_CLAIM_BYTES = 32 * 1024 * 1024;

/** The columns of an event `e`, its bytes included. */
export const EVENT_COLUMNS = `
  e.id, e.source, e.idempotency_key, e.event_type, e.method, e.url, e.headers, e.content_type, e.received_at, e.origin,
  e.body`;

/** A row with `EVENT_COLUMNS`. */
export type IdentifiedEventRow = EventRow & Readonly<{ id: string }>;

export function readEventRow(row: IdentifiedEventRow): WebhookEvent {
  return toEvent(row.id, row);
}

/** A claimed delivery with its event. */
export type LeasedRow = IdentifiedEventRow &
  Readonly<{
    event_id: string;
    number: number;
    destination: string;
    attempts: number;
    order_key: string | null;
    sent_as: number | null;
  }>;

/** What a claim took, or when the next delivery that it left is due. */
type ClaimRow = Readonly<{ asked_claim: number; asked_n: number }> &
  ((LeasedRow & Readonly<{ next_due_at: null }>) | Readonly<{ event_id: null; next_due_at: number }>);

/** What a claim changes of the counts of a destination. A delivery that was held is so no more. */
export const TAKEN = { pending: '-count(*)', processing: 'count(*)', held: '-count(held)' } as const;

/**
 * Several claims of different destinations at once. Rows that another node is about to take are skipped instead of
 * waited for. Each destination is a walk of its part of the index, from where nothing is left before, that stops at the
 * limit, and a second one to the first that is left. What exceeds the bytes stays pending.
 */
export const CLAIM: Statement<ClaimRow> = {
  name: 'claim',
  text: `
with asked as materialized (
  select * from unnest($1::text[], $2::integer[], $3::integer[], $4::text[], $5::bigint[], $6::bigint[], $8::bigint[])
    with ordinality as t (destination, most, claim, token, now_ms, until_ms, from_ms, n)
),
picked as materialized (
  select a.n, a.claim, a.token, a.now_ms, a.until_ms, d.event_id, d.number, d.due_at, d.held
  from asked a cross join lateral (
    select event_id, number, due_at, held from deliveries
    where destination = a.destination and status = 'pending' and due_at >= a.from_ms and due_at <= a.now_ms
    order by due_at, event_id, number limit a.most
    for update skip locked
  ) d
),
sized as materialized (
  select p.*, ${EVENT_COLUMNS}, coalesce(sum(octet_length(e.body)) over (
    partition by p.claim order by p.n, p.due_at, p.event_id, p.number
    rows between unbounded preceding and 1 preceding), 0) as bytes_before
  from picked p join events e on e.id = p.event_id
),
taken as (
  update deliveries d set status = 'processing', lease_token = s.token, lease_until = s.until_ms, updated_at = s.now_ms,
    held = null
  from sized s
  where d.event_id = s.event_id and d.number = s.number and s.bytes_before < $7::bigint
  returning d.destination, d.attempts, d.order_key, d.sent_as, s.*
),
counted as (${addCounts('taken', TAKEN)}),
totalled as (${addTotals('0', '(select count(held) - count(*) from taken)')})
select t.claim as asked_claim, t.n as asked_n, null as next_due_at, t.* from taken t
union all
select a.claim, a.n, next.due_at, t.*
from asked a
cross join lateral (
  select d.due_at from deliveries d
  where d.destination = a.destination and d.status = 'pending' and d.due_at >= a.from_ms and d.due_at < ${NEVER_MS}
    and ((d.event_id, d.number) in (select event_id, number from taken)) is not true
  order by d.due_at, d.event_id, d.number limit 1
) next
left join taken t on false
order by n, due_at, event_id, number`,
};

/** Where claims begin to look, and where whoever takes back leases does. */
export type ClaimWalks = Readonly<{ due: Walks; leases: Walks }>;

/** @see LeaseStore.claim. No two of the requests ask for the same destination. */
export async function claimAll(
  query: Query,
  walks: ClaimWalks,
  requests: readonly ClaimRequest[],
): Promise<ClaimOutcome[]> {
  const asked = requests.flatMap((request, claim) =>
    request.limits.map((limit) => ({ ...limit, claim, request })),
  );
  if (asked.length === 0) return requests.map(() => ({ leased: [], nextDueAtMs: null }));
  const rows = await walkingEach(walks.due, asked, (fromMs) =>
    query(CLAIM, [
      asked.map(({ destination }) => destination),
      asked.map(({ limit }) => limit),
      asked.map(({ claim }) => claim),
      asked.map(({ request }) => request.token),
      asked.map(({ request }) => request.nowMs),
      asked.map(({ request }) => request.leaseUntilMs),
      MAX_CLAIM_BYTES,
      fromMs,
    ]),
  );
  walks.leases.lower(Math.min(...requests.map(({ leaseUntilMs }) => leaseUntilMs)));
  return requests.map((request, claim) =>
    outcomeOf(
      request,
      rows.filter((row) => row.asked_claim === claim),
    ),
  );
}

type Asked = Readonly<{ destination: string; request: ClaimRequest }>;

/** Begins and ends the walk of each destination. One that failed has learned nothing. */
async function walkingEach(
  due: Walks,
  asked: readonly Asked[],
  claim: (fromMs: readonly number[]) => Promise<ClaimRow[]>,
): Promise<ClaimRow[]> {
  const walks = asked.map(({ destination, request }) => due.begin(destination, request.nowMs));
  try {
    const rows = await claim(walks.map(({ fromMs }) => fromMs));
    const next = new Map(rows.map(({ asked_n, next_due_at }) => [asked_n, next_due_at]));
    for (const [at, walk] of walks.entries()) walk.end(next.get(at + 1) ?? null);
    return rows;
  } catch (error) {
    for (const walk of walks) walk.end(walk.fromMs);
    throw error;
  }
}

function outcomeOf(request: ClaimRequest, rows: readonly ClaimRow[]): ClaimOutcome {
  const due = rows.flatMap(({ next_due_at: at }) => at ?? []);
  return {
    leased: rows.flatMap((row) => (row.event_id === null ? [] : toLeased(request, row))),
    nextDueAtMs: due.length === 0 ? null : due.reduce((first, at) => Math.min(first, at)),
  };
}

export function toLeased(
  { token, leaseUntilMs }: Pick<ClaimRequest, 'token' | 'leaseUntilMs'>,
  row: LeasedRow,
): Leased {
  const deliveryId = deliveryIdOf(row.event_id, row.number);
  return {
    lease: {
      deliveryId,
      token,
      untilMs: leaseUntilMs,
      orderKey: row.order_key,
    },
    destination: row.destination,
    attempts: row.attempts,
    event: readEventRow(row),
    sentAs: row.sent_as === null ? deliveryId : deliveryIdOf(row.event_id, row.sent_as),
  };
}
