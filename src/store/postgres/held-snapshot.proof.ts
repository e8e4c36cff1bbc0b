import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import pg from 'pg';
import { anAttempt, anAudit, anEvent } from '../../../testkit/builders.ts';
import { eventually } from '../../../testkit/eventually.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { Addressee } from '../../domain/order.ts';
import { createSignal } from '../../runtime/signal.ts';
import type { Leased, Store } from '../store.ts';
import { openPostgresStore } from './open.ts';

/** What five minutes at 1,000 events/s leave behind. */
const DONE = 300_000;
/** How often each of the backends' counts was changed. */
const COUNTED = 2_000;
const LEASE_MS = 30_000;

/**
 * Deliveries that were due and are done, their leases too, and counts that were changed, all of it after the snapshot:
 * no entry of an index and no version of a row can be removed.
 */
const LEAVE_BEHIND = `
create function pg_temp.id_of(n integer) returns uuid language sql as
  $$ select (lpad(to_hex(n), 12, '0') || '70008000000000000000')::uuid $$;
insert into deliveries (event_id, number, destination, status, attempts, due_at, created_at, updated_at)
  select pg_temp.id_of(n), 1, 'billing', 'pending', 0, $NOW - n, $NOW - n, $NOW - n from generate_series(1, ${DONE}) n;
update deliveries set status = 'processing', lease_until = due_at, lease_token = 't' where status = 'pending';
update deliveries set status = 'completed', lease_until = null, lease_token = null where status = 'processing';
do $$ begin for n in 1..${COUNTED} loop
  update totals set events = events where shard < 64;
  update delivery_counts set completed = completed where shard < 64;
end loop; end $$;
`;

let server: TestPostgres;
before(async () => {
  server = await startPostgres({ shared_preload_libraries: 'pg_stat_statements', autovacuum: 'off' });
});
after(() => server.stop());

/** A database in which somebody holds a snapshot while much is done, with nodes on it. */
async function setUp(t: TestContext, nodes: number) {
  const url = await server.createDatabase();
  const connect = async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    t.after(() => client.end());
    return client;
  };
  const [holder, other] = [await connect(), await connect()];
  const due = Array.from({ length: nodes }, () => createSignal());
  const stores = await Promise.all(
    due.map((signal) =>
      openPostgresStore({ url, maxPendingDeliveries: 100_000, observer: { onDue: signal.raise } }),
    ),
  );
  t.after(() => Promise.all(stores.map((store) => store.close())));
  await other.query(`
    create extension pg_stat_statements;
    insert into totals (shard) select * from generate_series(0, 63) on conflict do nothing;
    insert into delivery_counts (destination, shard) select 'billing', * from generate_series(0, 63)`);
  await holder.query('begin isolation level repeatable read');
  await holder.query('select 1 from events');
  await other.query(LEAVE_BEHIND.replaceAll('$NOW', String(Date.now())));
  return { stores, due, holder, other };
}

/** Lets claims and looks from the beginning take so long that the next ones are half a minute away. */
async function slowly(client: pg.Client, claims: () => Promise<unknown>): Promise<void> {
  await claims();
  await client.query('begin');
  await client.query('lock table deliveries');
  await client.query('select pg_sleep(4)');
  await client.query('commit');
}

let tokens = 0;
async function claim(store: Store, limit = 10): Promise<readonly Leased[]> {
  const nowMs = Date.now();
  const request = { limits: [{ destination: 'billing', limit }], token: `token-${++tokens}`, nowMs };
  return (await store.claim({ ...request, leaseUntilMs: nowMs + LEASE_MS })).leased;
}

function complete(store: Store, { lease }: Leased) {
  return store.settle(lease, { kind: 'completed' }, anAttempt(), Date.now());
}

const eventOf = (receivedAtMs = Date.now()) => anEvent({ receivedAtMs });

/** How many pages the statements of a kind have looked at each, on average. */
async function pagesOf(client: pg.Client, part: string): Promise<number> {
  const { rows } = await client.query(
    `select sum(shared_blks_hit + shared_blks_read)::float / sum(calls) as pages from pg_stat_statements
     where query like '%' || $1 || '%' and query not like '%pg_stat_statements%'`,
    [part],
  );
  assert.ok(rows[0].pages !== null, `no statement has ${part}`);
  return rows[0].pages;
}

const CLAIMS = 'as next_due_at';
const INSERTS = 'insert into events';
const SETTLEMENTS = 'insert into attempts';

describe('under a snapshot that somebody holds', () => {
  it('claims, accepts and settlements do not look at everything that was done since', async (t) => {
    const { stores, holder, other } = await setUp(t, 1);
    const [store] = stores as [Store];
    const round = async () => {
      await Promise.all(
        Array.from({ length: 5 }, async () =>
          assert.equal((await store.insertEvent(eventOf(), ['billing'])).kind, 'inserted'),
        ),
      );
      const leased = await claim(store);
      assert.equal(leased.length, 5);
      await Promise.all(leased.map((one) => complete(store, one)));
    };
    // The first walk is a whole one.
    await round();
    await other.query('select pg_stat_statements_reset()');
    for (let rounds = 0; rounds < 50; rounds++) await round();
    const pages = {
      claims: await pagesOf(other, CLAIMS),
      inserts: await pagesOf(other, INSERTS),
      settlements: await pagesOf(other, SETTLEMENTS),
    };
    t.diagnostic(`pages of each: ${JSON.stringify(pages)}`);
    assert.ok(pages.claims < 2_000, `${pages.claims} pages for a claim`);
    assert.ok(pages.inserts < 300, `${pages.inserts} pages for an insert`);
    assert.ok(pages.settlements < 100, `${pages.settlements} pages for a settlement`);

    await holder.query('rollback');
    assert.equal((await store.expired(Date.now(), 10)).length, 0);
    await round();
  });

  it('everything due is found within a moment, however long ago it fell due, by whichever node', async (t) => {
    const { stores, due, other } = await setUp(t, 2);
    const [writer, finder] = stores as [Store, Store];
    await slowly(other, () => Promise.all(stores.map((store) => claim(store))));

    let heard = 0;
    due[1]!.listen(() => (heard += 1));
    /** What the other node finds when it hears of work, or looks by itself as it does once a second. */
    const found = async (what: string): Promise<Leased> => {
      let leased: readonly Leased[] = [];
      let claims = 0;
      let heardBefore = heard;
      await eventually(what, async () => {
        if (heard === heardBefore) return false;
        heardBefore = heard;
        claims += 1;
        leased = await claim(finder);
        return leased.length > 0;
      });
      assert.equal(leased.length, 1, what);
      assert.ok(claims <= 4, `${what}: found by claim ${claims}`);
      return leased[0]!;
    };
    const insert = async (event: WebhookEvent, destination: Addressee = 'billing') =>
      assert.equal((await writer.insertEvent(event, [destination])).kind, 'inserted');

    const HOUR_MS = 3_600_000;
    await insert(eventOf());
    const first = await found('what was accepted just now');
    await insert(eventOf(Date.now() - HOUR_MS));
    await complete(finder, await found('what was accepted by a clock that is an hour behind'));

    const error = 'no answer';
    await finder.settle(
      first.lease,
      { kind: 'retry', dueAtMs: Date.now() + 100, error },
      anAttempt(),
      Date.now(),
    );
    const retried = await found('a retry');
    await finder.settle(retried.lease, { kind: 'failed', error }, anAttempt({ number: 2 }), Date.now());
    assert.equal((await writer.replay(retried.lease.deliveryId, Date.now(), {}, anAudit())).kind, 'replayed');
    const replayed = await found('a replay');
    await finder.settle(replayed.lease, { kind: 'released', dueAtMs: Date.now() }, null, Date.now());
    await complete(finder, await found('what a node gave back'));

    const ordered = { destination: 'billing', orderKey: 'order-1' };
    await insert(eventOf(Date.now() - 2 * HOUR_MS), ordered);
    await insert(eventOf(Date.now() - HOUR_MS), ordered);
    await insert(eventOf(Date.now() - HOUR_MS), ordered);
    const blocking = await found('the first of an order key');
    await finder.settle(blocking.lease, { kind: 'failed', error, blocksKey: true }, anAttempt(), Date.now());
    assert.equal((await writer.releaseKey('billing', 'order-1', anAudit())).kind, 'released');
    await complete(finder, await found('the next of a key that was released'));
    await complete(finder, await found('the one that gets the turn'));
  });
});
