import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { anAttempt, anEvent } from '../../../testkit/builders.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { startTcpProxy } from '../../../testkit/tcp-proxy.ts';
import { StoreError } from '../../domain/errors.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Store } from '../store.ts';
import { openPostgresStore } from './open.ts';

/** What a sender may have to wait for its refusal: the limit of a statement, and what a busy machine adds. */
const TIMEOUT_MS = 6_000;
const LEEWAY_MS = 1_500;
const AT_ONCE_MS = 250;

type Asked = Readonly<{ ms: number; outcome: string }>;

/** How long it took, and the code of the failure if it was one. */
async function timed(work: Promise<unknown>): Promise<Asked> {
  const fromMs = performance.now();
  const outcome = await work.then(
    () => 'worked',
    (error: unknown) => (error instanceof StoreError ? error.code : String(error)),
  );
  return { ms: performance.now() - fromMs, outcome };
}

async function startServer(t: TestContext): Promise<TestPostgres> {
  const server = await startPostgres();
  t.after(() => server.stop());
  return server;
}

const CONNECTIONS = 10;

/** With all the connections that it may have, idle. */
async function openStore(t: TestContext, url: string): Promise<Store> {
  const store = await openPostgresStore({ url, maxPendingDeliveries: 1_000, poolSize: CONNECTIONS });
  t.after(() => store.close());
  await allRead(store);
  return store;
}

/** Each on a connection of its own. */
const allRead = (store: Store) =>
  Promise.all(Array.from({ length: CONNECTIONS }, () => timed(store.stats())));

const insert = (store: Store, event: WebhookEvent = anEvent()) => store.insertEvent(event, ['billing']);

function claim(store: Store, limit: number) {
  const nowMs = Date.now();
  const limits = [{ destination: 'billing', limit }];
  return store.claim({ limits, token: `token-${Math.random()}`, nowMs, leaseUntilMs: nowMs + 600_000 });
}

async function untilItWorks(work: () => Promise<unknown>, withinMs: number): Promise<void> {
  const fromMs = performance.now();
  for (;;) {
    const failure = await work().then(
      () => null,
      (error: unknown) => error,
    );
    if (failure === null) return;
    assert.ok(performance.now() < fromMs + withinMs, String(failure));
    await pause(10);
  }
}

function assertRefused({ ms, outcome }: Asked, mostMs: number): void {
  assert.equal(outcome, 'STORE_UNAVAILABLE');
  assert.ok(ms < mostMs, `told after ${Math.round(ms)} ms`);
}

describe('a server that hangs', { concurrency: true }, () => {
  it('refuses within seconds, then at once, and goes on with all it had when it is let go', async (t) => {
    const server = await startServer(t);
    const store = await openStore(t, await server.createDatabase());
    const before = [anEvent(), anEvent()];
    for (const event of before) await insert(store, event);

    await server.freeze();
    const claimed = claim(store, 1);
    const given = Array.from({ length: 4 }, () => anEvent());
    const first = [...given.map((event) => timed(insert(store, event))), timed(store.ping())];
    for (const asked of await Promise.all(first)) assertRefused(asked, TIMEOUT_MS + LEEWAY_MS);
    // The probes find it silent, too, and nobody waits for them.
    for (const untilMs = performance.now() + 4_000; performance.now() < untilMs; await pause(100)) {
      assertRefused(await timed(insert(store)), AT_ONCE_MS);
      assertRefused(await timed(store.ping()), AT_ONCE_MS);
    }
    server.thaw();

    assert.equal(
      (await claimed).leased.length,
      1,
      'a claim waits longer: it is worth an attempt of its deliveries',
    );
    await untilItWorks(() => store.ping(), 4_000);
    // Whether they were kept nobody knew; each is there once now.
    for (const event of given) {
      assert.match((await insert(store, event)).kind, /^(inserted|duplicate)$/);
      assert.equal((await insert(store, event)).kind, 'duplicate');
    }
    const rest = await claim(store, 100);
    const ids = [...(await claimed).leased, ...rest.leased].map(({ event }) => event.id);
    assert.deepEqual(ids.toSorted(), [...before, ...given].map(({ id }) => id).toSorted());
    for (const { lease } of rest.leased)
      assert.equal(await store.settle(lease, { kind: 'completed' }, anAttempt(), Date.now()), 'settled');
    const { events, counts } = await store.stats();
    assert.equal(events, ids.length);
    const byStatus = Object.fromEntries(counts.map(({ status, count }) => [status, count]));
    assert.deepEqual(
      [byStatus.pending ?? 0, byStatus.processing, byStatus.completed],
      [0, 1, ids.length - 1],
    );
  });

  it('does not make each idle connection be found out, when the way to it has forgotten them', async (t) => {
    const server = await startServer(t);
    const url = new URL(await server.createDatabase());
    const proxy = await startTcpProxy(Number(url.port));
    t.after(proxy.cut);
    url.port = String(proxy.port);
    const store = await openStore(t, url.href);

    proxy.forget();
    assertRefused(await timed(insert(store)), TIMEOUT_MS + LEEWAY_MS);
    await untilItWorks(() => store.ping(), 2_000);
    const after = await allRead(store);
    assert.deepEqual([...new Set(after.map(({ outcome }) => outcome))], ['worked']);
    assert.ok(
      after.every(({ ms }) => ms < 1_000),
      'none of them met a dead connection',
    );
  });

  it('holds up nobody who closes the store', async (t) => {
    const server = await startServer(t);
    const store = await openStore(t, await server.createDatabase());
    await server.freeze();
    const { ms } = await timed(store.close());
    server.thaw();
    assert.ok(ms < TIMEOUT_MS + LEEWAY_MS, `closed after ${Math.round(ms)} ms`);
  });

  it('is not taken for one while it is slow: a commit may take five seconds', async (t) => {
    const server = await startServer(t);
    const url = await server.createDatabase();
    const store = await openStore(t, url);
    const { default: pg } = await import('pg');
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query('begin; lock table events');
    const slow = timed(insert(store));
    await pause(5_000);
    await other.query('commit');
    await other.end();
    const { ms, outcome } = await slow;
    assert.equal(outcome, 'worked');
    assert.ok(ms > 4_900, 'it did wait');
  });
});
