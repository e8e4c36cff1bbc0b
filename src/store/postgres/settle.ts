import type { Attempt } from '../../domain/attempt.ts';
import type { Lease } from '../../domain/lease.ts';
import { hasTurnAfter, type Settlement, statusAfter } from '../../domain/settlement.ts';
import { groupAfter } from '../failure-group.ts';
import { bigints, booleans, integers, texts, uuids } from './binary-arrays.ts';
import { addCounts, addOrderCounts, addTotals } from './counters.ts';
import type { Query, Statement } from './database.ts';
import { deliveryKey } from './delivery-key.ts';
import { passTurns } from './turn.ts';

export type Settle = Readonly<{
  lease: Lease;
  settlement: Settlement;
  attempt: Attempt | null;
  nowMs: number;
}>;

/** A delivery that ends passes its turn on; a failed one that keeps its turn blocks its key. */
const TURNS_PASSED = `
freed as (select destination, order_key from settled where order_key is not null and not keeps_turn),
passed as (${passTurns('freed')}),
order_changes as (
  select destination, 0 as waiting, 1 as blocked from settled
  where order_key is not null and keeps_turn and status = 'failed'
  union all
  select destination, -1, 0 from passed
),
order_counted as (${addOrderCounts('order_changes')}),`;

/**
 * Settlements of different deliveries with their attempts, in one round trip. The token in the condition is the fence:
 * whoever lost the lease changes nothing. Only a delivery that is processing has a token.
 */
const settleText = (isOrdered: boolean) => `
with input as materialized (
  select * from unnest(
    $1::uuid[], $2::integer[], $3::text[], $4::text[], $5::bigint[], $6::boolean[], $7::text[], $8::bigint[],
    $9::integer[], $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::integer[], $15::text[],
    $16::text[]${isOrdered ? ', $17::boolean[]' : ''}
  ) with ordinality as t (
    event_id, number, token, status, due_at, keeps_error, error, now_ms,
    attempt, started_at, ended_at, outcome, attempt_error, http_status, response_excerpt,
    failure_group${isOrdered ? ', keeps_turn' : ''}, n
  )
),
settled as (
  update deliveries d set
    status = i.status, attempts = d.attempts + (i.attempt is not null)::integer,
    due_at = coalesce(i.due_at, d.due_at), last_error = case when i.keeps_error then d.last_error else i.error end,
    failure_group = i.failure_group,    lease_token = null, lease_until = null, updated_at = i.now_ms
    ${isOrdered ? ', turn = case when i.keeps_turn then d.turn end' : ''}
  from input i
  where d.event_id = i.event_id and d.number = i.number and d.lease_token = i.token collate "C"
  returning d.destination, d.order_key, i.*
),
tried as (
  insert into attempts (
    event_id, delivery, number, started_at, ended_at, outcome, error, http_status, response_excerpt
  )
  select event_id, number, attempt, started_at, ended_at, outcome, attempt_error, http_status, response_excerpt
  from settled where attempt is not null
),${isOrdered ? TURNS_PASSED : ''}
counted as (${addCounts('settled', {
  processing: '-count(*)',
  pending: `count(*) filter (where status = 'pending')`,
  completed: `count(*) filter (where status = 'completed')`,
  failed: `count(*) filter (where status = 'failed')`,
})}),
totalled as (${addTotals('0', `(select count(*) from settled where status = 'pending')`)})
select n${isOrdered ? ', (select min(due_at) from passed) as passed_due_at' : ''} from settled`;

/** `passed_due_at`: since when the first one is due that got a turn. */
type SettledRow = Readonly<{ n: number; passed_due_at?: number | null }>;

export const SETTLE: Statement<SettledRow> = { name: 'settle', text: settleText(false) };

/** The same when deliveries have order keys, whose locks are taken before. */
export const SETTLE_ORDERED: Statement<SettledRow> = { name: 'settle_ordered', text: settleText(true) };

export type Settled = Readonly<{
  outcomes: ('settled' | 'lost')[];
  /** Since when the first delivery is due that is pending now and was not; infinite if there is none. */
  dueAtMs: number;
}>;

/** @see LeaseStore.settle. No two of the batch settle the same delivery. Those with order keys are under their locks. */
export async function settleAll(query: Query, batch: readonly Settle[]): Promise<Settled> {
  const keys = batch.map(({ lease }) => deliveryKey(lease.deliveryId));
  const isOrdered = batch.some(({ lease }) => lease.orderKey !== null);
  const rows = await query(isOrdered ? SETTLE_ORDERED : SETTLE, [
    uuids(keys.map(({ eventId }) => eventId)),
    integers(keys.map(({ number }) => number)),
    texts(batch.map(({ lease }) => lease.token)),
    texts(batch.map(({ settlement }) => statusAfter(settlement))),
    bigints(batch.map(({ settlement }) => ('dueAtMs' in settlement ? settlement.dueAtMs : null))),
    booleans(batch.map(({ settlement }) => settlement.kind === 'released')),
    texts(batch.map(({ settlement }) => ('error' in settlement ? settlement.error : null))),
    bigints(batch.map(({ nowMs }) => nowMs)),
    integers(batch.map(({ attempt }) => attempt?.number ?? null)),
    bigints(batch.map(({ attempt }) => attempt?.startedAtMs ?? null)),
    bigints(batch.map(({ attempt }) => attempt?.endedAtMs ?? null)),
    texts(batch.map(({ attempt }) => attempt?.outcome ?? null)),
    texts(batch.map(({ attempt }) => attempt?.error ?? null)),
    integers(batch.map(({ attempt }) => attempt?.httpStatus ?? null)),
    texts(batch.map(({ attempt }) => attempt?.responseExcerpt ?? null)),
    texts(batch.map(({ settlement, attempt }) => groupAfter(settlement, attempt))),
    ...(isOrdered ? [booleans(batch.map(({ settlement }) => hasTurnAfter(settlement)))] : []),
  ]);
  const settled = new Set(rows.map(({ n }) => n));
  return {
    outcomes: batch.map((_, at) => (settled.has(at + 1) ? 'settled' : 'lost')),
    dueAtMs: Math.min(rows[0]?.passed_due_at ?? Number.POSITIVE_INFINITY, firstDueAtMs(batch)),
  };
}

/** When the first of those is due that are pending after their settlement. */
export function firstDueAtMs(batch: readonly Settle[]): number {
  return batch.reduce(
    (first, { settlement }) => ('dueAtMs' in settlement ? Math.min(first, settlement.dueAtMs) : first),
    Number.POSITIVE_INFINITY,
  );
}

/** The order keys whose turn a settlement may pass on. */
export function keysToPass(batch: readonly Settle[]): Set<string> {
  return new Set(batch.flatMap(({ lease }) => lease.orderKey ?? []));
}
