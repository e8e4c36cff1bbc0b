import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { anAttempt, anEvent } from '../../../testkit/builders.ts';
import { startPostgres } from '../../../testkit/postgres.ts';
import { StoreError } from '../../domain/errors.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Lease } from '../../domain/lease.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Store } from '../store.ts';
import { openPostgresStore } from './open.ts';

const CRASHES = 3;

/** Inserts without a pause until told to stop; keeps what was acknowledged. */
async function send(store: Store, signal: AbortSignal, acknowledged: WebhookEvent[]): Promise<number> {
  let refused = 0;
  while (!signal.aborted) {
    const event = anEvent();
    try {
      const outcome = await store.insertEvent(event, ['billing']);
      assert.equal(outcome.kind, 'inserted');
      acknowledged.push(event);
    } catch (error) {
      assert.ok(error instanceof StoreError, String(error));
      refused += 1;
      await sleep(5);
    }
  }
  return refused;
}

/** Claims and settles as a node does, trying each settlement until it is answered. */
async function work(store: Store, signal: AbortSignal, done: Map<string, number>): Promise<void> {
  let claims = 0;
  while (!signal.aborted) {
    const nowMs = Date.now();
    const request = {
      limits: [{ destination: 'billing', limit: 20 }],
      token: `token-${process.pid}-${++claims}-${Math.random()}`,
      nowMs,
      leaseUntilMs: nowMs + 600_000,
    };
    const leased = await store.claim(request).then(
      (outcome) => outcome.leased,
      () => [],
    );
    if (leased.length === 0) await sleep(5);
    await Promise.all(
      leased.map(async ({ lease }) => {
        done.set(lease.deliveryId, (done.get(lease.deliveryId) ?? 0) + 1);
        assert.equal(await settleDurably(store, lease), 'settled');
      }),
    );
  }
}

async function settleDurably(store: Store, lease: Lease): Promise<string> {
  const attempt = anAttempt();
  for (;;) {
    try {
      return await store.settle(lease, { kind: 'completed' }, attempt, systemClock.nowMs());
    } catch {
      await sleep(20);
    }
  }
}

describe('a server that is killed and comes back, under load', () => {
  it('loses nothing that was acknowledged, and work goes on by itself', async (t) => {
    const server = await startPostgres();
    t.after(() => server.stop());
    const url = await server.createDatabase();
    const store = await openPostgresStore({ url, maxPendingDeliveries: 1_000_000 });
    t.after(() => store.close());
    const stop = new AbortController();
    const acknowledged: WebhookEvent[] = [];
    const done = new Map<string, number>();
    const senders = Array.from({ length: 16 }, () => send(store, stop.signal, acknowledged));
    const workers = Array.from({ length: 4 }, () => work(store, stop.signal, done));
    for (let crash = 0; crash < CRASHES; crash++) {
      await sleep(700);
      await server.crash();
      const failure = await rejection(() => store.insertEvent(anEvent(), []));
      assert.equal(failure?.code, 'STORE_UNAVAILABLE');
      assert.doesNotMatch(failure.message, /127\.0\.0\.1/, 'senders are told the message');
      const askedMs = performance.now();
      await rejection(() => store.ping());
      assert.ok(performance.now() - askedMs < 1_000, 'it is told quickly');
      await sleep(300);
      await server.start();
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + 100);
    }
    stop.abort();
    const refused = await Promise.all(senders);
    await Promise.all(workers);
    assert.ok(refused.some((count) => count > 0));
    for (const event of acknowledged) {
      const kept = await store.readEvent(event.id);
      assert.ok(kept !== null && Buffer.from(event.body).equals(kept.body), `${event.id} is lost`);
    }
    // Leases that a claim took whose answer was lost are the reaper's; of the others none was at work twice.
    for (const [id, times] of done) assert.equal(times, 1, id);
    const { counts, events } = await store.stats();
    const rows = await countRows(url);
    assert.deepEqual([events, Object.fromEntries(counts.map(({ status, count }) => [status, count]))], rows);
  });
});

async function rejection(call: () => Promise<unknown>): Promise<StoreError | null> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      await call();
    } catch (error) {
      return error as StoreError;
    }
    await sleep(5);
  }
  return null;
}

async function until(holds: () => boolean): Promise<void> {
  const untilMs = performance.now() + 20_000;
  while (!holds()) {
    assert.ok(performance.now() < untilMs, 'the store did not come back');
    await sleep(20);
  }
}

/** What the counters must agree with. */
async function countRows(url: string): Promise<[number, Record<string, number>]> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const events = await client.query('select count(*)::integer as count from events');
  const statuses = await client.query(
    'select status, count(*)::integer as count from deliveries group by status',
  );
  await client.end();
  return [
    events.rows[0].count,
    Object.fromEntries(statuses.rows.map(({ status, count }) => [status, count])),
  ];
}
