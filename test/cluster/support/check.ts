import assert from 'node:assert/strict';
import { deliveryIdOf } from '../../../src/domain/delivery.ts';
import { eventually } from '../../../testkit/eventually.ts';
import type { Cluster } from './cluster.ts';
import type { Acknowledged, Load } from './load.ts';
import { type Run, readRuns } from './runs.ts';
import type { Sql } from './sql.ts';

export type Tally = Readonly<{
  acknowledged: number;
  runs: number;
  interrupted: number;
  /** Runs that went on when another had the delivery already, their own lease having run out. */
  overtaken: number;
}>;

type AttemptRow = Readonly<{ number: number; outcome: string }>;
type DeliveryRow = Readonly<{ status: string; attempts: number; tries: readonly AttemptRow[] }>;

/** Waits until nothing is pending or at work, on any node. */
function drained({ sql }: Cluster): Promise<true> {
  const look = async () => {
    const [row] = await sql<{ open: number }>(
      `select count(*)::integer as open from deliveries where status in ('pending', 'processing')`,
    );
    return row!.open;
  };
  return eventually('all deliveries are done', async () => (await look()) === 0, look);
}

/**
 * Every acknowledged event was processed, no delivery was at work under two live leases, and the attempts tell what
 * the handlers wrote down themselves.
 */
async function checkHistory(cluster: Cluster, acknowledged: Acknowledged): Promise<Tally> {
  const deliveries = await readDeliveries(cluster.sql, acknowledged);
  await checkCounters(cluster.sql);
  const runs = await readRuns(cluster.folder);
  const byDelivery = Map.groupBy(runs, ({ deliveryId }) => deliveryId);
  let interrupted = 0;
  let overtaken = 0;
  for (const [id, delivery] of deliveries) {
    const own = byDelivery.get(id) ?? [];
    byDelivery.delete(id);
    interrupted += checkAttempts(cluster, id, delivery, own);
    overtaken += checkLeases(cluster, id, own);
  }
  assert.deepEqual([...byDelivery.keys()], [], 'runs of deliveries that are not there');
  return { acknowledged: acknowledged.size, runs: runs.length, interrupted, overtaken };
}

/** Lets all be done, ends the nodes in good order, and looks whether the counters agree with the rows. */
export async function drainAndStop(cluster: Cluster): Promise<void> {
  await drained(cluster);
  await cluster.stop();
  await checkCounters(cluster.sql);
}

/** Ends the load and the nodes in good order, and checks all that there was. */
export async function endAndCheck(cluster: Cluster, load: Load): Promise<Tally> {
  await load.stop();
  await drained(cluster);
  await cluster.stop();
  return checkHistory(cluster, load.acknowledged);
}

/** Ends the load and the nodes in good order. @returns the keys that were acknowledged and are not there */
export async function endAndFindLost(cluster: Cluster, load: Load): Promise<ReadonlySet<string>> {
  await load.stop();
  await drainAndStop(cluster);
  const rows = await cluster.sql<{ key: string }>('select idempotency_key as key from events');
  const kept = new Set(rows.map(({ key }) => key));
  return new Set([...load.acknowledged.keys()].filter((key) => !kept.has(key)));
}

export function describeTally({ acknowledged, runs, interrupted, overtaken }: Tally): string {
  return `${acknowledged} acknowledged, ${runs} runs, ${interrupted} attempts interrupted, ${overtaken} runs overtaken`;
}

/** By id. Every acknowledged event is there with its bytes and its one delivery, and nothing that nobody sent. */
async function readDeliveries(sql: Sql, acknowledged: Acknowledged): Promise<Map<string, DeliveryRow>> {
  type Row = DeliveryRow & { id: string; key: string; body: Buffer; number: number };
  const rows = await sql<Row>(`
    select e.id, e.idempotency_key as key, e.body, d.number, d.status, d.attempts, coalesce((
      select json_agg(json_build_object('number', a.number, 'outcome', a.outcome) order by a.number)
      from attempts a where a.event_id = d.event_id and a.delivery = d.number), '[]') as tries
    from events e join deliveries d on d.event_id = e.id`);
  assert.equal(rows.length, new Set(rows.map(({ key }) => key)).size, 'one delivery of each key');
  const found = new Map(rows.map((row) => [row.key, row]));
  for (const [key, { id, body }] of acknowledged) {
    const row = found.get(key);
    assert.ok(row !== undefined, `${key} was acknowledged and is lost`);
    assert.deepEqual([row.id, row.body.toString()], [id, body], key);
  }
  // Sent to the end without an answer there is none: senders stop when they have one.
  assert.equal(rows.length, acknowledged.size);
  return new Map(rows.map((row) => [deliveryIdOf(row.id, row.number), row]));
}

/** @returns how many of them were interrupted */
function checkAttempts(cluster: Cluster, id: string, delivery: DeliveryRow, runs: readonly Run[]): number {
  const { status, attempts, tries } = delivery;
  assert.deepEqual([status, attempts], ['completed', tries.length], id);
  assert.deepEqual(
    tries.map(({ number }) => number),
    tries.map((_, at) => at + 1),
    id,
  );
  assert.ok(
    runs.every(({ attempt }) => attempt <= tries.length),
    `${id}: a run without an attempt`,
  );
  let interrupted = 0;
  for (const { number, outcome } of tries) {
    const what = `${id}, attempt ${number}, ${outcome}`;
    const own = runs.filter(({ attempt }) => attempt === number);
    const [run] = own;
    if (outcome === 'interrupted') {
      interrupted += 1;
      // A claim whose answer was lost has no run at all.
      assert.ok(own.length <= 1, `${what}: ${own.length} runs under one lease`);
      if (run !== undefined)
        assert.ok(wasDisturbed(cluster, run), `${what}: nothing had happened to its process`);
      continue;
    }
    assert.equal(own.length, 1, `${what}: runs under one lease`);
    assert.ok(run!.endMs !== null, `${what}: has not ended`);
    assert.equal(outcome, run!.threw ? 'failed' : 'succeeded', what);
    assert.equal(number === tries.length, outcome === 'succeeded', what);
  }
  return interrupted;
}

/** While it ran, or while its lease before or its settlement after was under way. */
function wasDisturbed({ disturbances, leaseMs }: Cluster, { pid, startMs, endMs }: Run): boolean {
  return disturbances.hit(pid, startMs - leaseMs, (endMs ?? Number.POSITIVE_INFINITY) + leaseMs);
}

/** Before the next one began, each run had ended, or its lease had. @returns how many had not ended themselves */
function checkLeases({ disturbances, leaseMs }: Cluster, id: string, runs: readonly Run[]): number {
  let overtaken = 0;
  for (const [at, { pid, startMs, endMs, attempt }] of runs.entries()) {
    const next = runs[at + 1];
    if (next === undefined) break;
    assert.ok(next.attempt > attempt, `${id}: attempt ${next.attempt} began after ${attempt}`);
    if (endMs !== null && endMs <= next.startMs) continue;
    const isOver = disturbances.outlastedLease(pid, startMs, next.startMs, leaseMs);
    assert.ok(isOver, `${id}: attempts ${attempt} and ${next.attempt} at once, both under live leases`);
    if (endMs !== null) overtaken += 1;
  }
  return overtaken;
}

/** The counters, which are never counted anew, agree with the rows. */
async function checkCounters(sql: Sql): Promise<void> {
  const [counted] = await sql<object>(`
    select coalesce(sum(pending), 0)::integer as pending, coalesce(sum(processing), 0)::integer as processing,
      coalesce(sum(completed), 0)::integer as completed, coalesce(sum(failed), 0)::integer as failed,
      (select sum(events)::integer from totals) as events, (select sum(pending)::integer from totals) as open
    from delivery_counts`);
  const [rows] = await sql<object>(`
    select count(*) filter (where status = 'pending')::integer as pending,
      count(*) filter (where status = 'processing')::integer as processing,
      count(*) filter (where status = 'completed')::integer as completed,
      count(*) filter (where status = 'failed')::integer as failed,
      (select count(*)::integer from events) as events,
      count(*) filter (where status = 'pending')::integer as open
    from deliveries`);
  assert.deepEqual(counted, rows);
}
