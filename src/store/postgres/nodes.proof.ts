import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import pg from 'pg';
import { anAttempt, anAudit, anEvent } from '../../../testkit/builders.ts';
import { eventually } from '../../../testkit/eventually.ts';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import type { ClaimRequest, ReplayOptions, Store, StoreObserver } from '../store.ts';
import { createBacklog } from './backlog.ts';
import { openPostgresStore } from './open.ts';

const LEASE_MS = 30_000;

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

/** Several stores on one database, as several nodes have them. */
async function openNodes(
  t: TestContext,
  count: number,
  maxPendingDeliveries = 100_000,
  observer: StoreObserver = {},
): Promise<Store[]> {
  const url = await server.createDatabase();
  const open = () => openPostgresStore({ url, maxPendingDeliveries, observer });
  const nodes = await Promise.all(Array.from({ length: count }, open));
  t.after(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await server.giveBack(url);
  });
  return nodes;
}

let tokens = 0;
const claimOf = (limit: number, nowMs = T0): ClaimRequest => ({
  limits: [{ destination: 'billing', limit }],
  token: `token-${++tokens}`,
  nowMs,
  leaseUntilMs: nowMs + LEASE_MS,
});

async function insertMany(store: Store, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => store.insertEvent(anEvent(), ['billing'])));
}

/** Until a statement of a node waits for what the client holds. */
async function untilOneWaits(client: pg.Client): Promise<void> {
  await eventually('a statement waits for a lock', async () => {
    const { rows } = await client.query('select 1 from pg_locks where not granted');
    return rows.length > 0;
  });
}

describe('several nodes on one database', () => {
  it('never claim a delivery twice, however they race, and leave none behind', async (t) => {
    const nodes = await openNodes(t, 3);
    const events = 2_000;
    await insertMany(nodes[0]!, events);
    const claimed: string[] = [];
    const drain = async (node: Store) => {
      for (;;) {
        const { leased, nextDueAtMs } = await node.claim(claimOf(37));
        claimed.push(...leased.map(({ lease }) => lease.deliveryId));
        await Promise.all(
          leased.map(async ({ lease }) =>
            assert.equal(await node.settle(lease, { kind: 'completed' }, anAttempt(), T0), 'settled'),
          ),
        );
        if (nextDueAtMs === null) return;
      }
    };
    await Promise.all(nodes.flatMap((node) => [drain(node), drain(node)]));
    assert.equal(claimed.length, events);
    assert.equal(new Set(claimed).size, events);
    const { counts } = await nodes[1]!.stats();
    assert.deepEqual(counts, [{ destination: 'billing', status: 'completed', count: events }]);
  });

  it('know each other’s marks: of one mark at once on all of them one is inserted, and without a window all', async (t) => {
    const nodes = await openNodes(t, 3);
    const insertOn = (node: Store, idempotencyKey: string, keySinceMs: number) =>
      node.insertEvent(
        anEvent({ idempotencyKey, body: Buffer.from('the same') }),
        ['billing'],
        null,
        keySinceMs,
      );
    const marks = Array.from({ length: 40 }, (_, at) => `mark-${at}`);
    const all = (keySinceMs: number) =>
      Promise.all(nodes.flatMap((node) => marks.map((mark) => insertOn(node, mark, keySinceMs))));
    const first = await all(0);
    assert.equal(first.filter(({ kind }) => kind === 'inserted').length, marks.length);
    const again = await all(Number.MAX_SAFE_INTEGER);
    const keys = again.map((outcome) => outcome.kind === 'inserted' && outcome.idempotencyKey);
    assert.deepEqual(
      keys.toSorted(),
      nodes.flatMap((_, at) => marks.map((mark) => `${mark}~${at + 2}`)).toSorted(),
    );
    for (const mark of marks) {
      assert.equal(
        (await nodes[0]!.eventByKey('default', mark))?.idempotencyKey,
        `${mark}~${nodes.length + 1}`,
      );
    }
  });

  it('know each other’s keys: of one key at once on all of them, one is inserted', async (t) => {
    const nodes = await openNodes(t, 3);
    for (let round = 0; round < 20; round++) {
      const keys = Array.from({ length: 20 }, (_, at) => `round-${round}-${at}`);
      const outcomes = await Promise.all(
        nodes.flatMap((node, at) =>
          (at === 1 ? keys.toReversed() : keys).map((idempotencyKey) =>
            node.insertEvent(anEvent({ idempotencyKey }), ['billing']),
          ),
        ),
      );
      assert.equal(outcomes.filter(({ kind }) => kind === 'inserted').length, keys.length);
      assert.equal(outcomes.filter(({ kind }) => kind === 'duplicate').length, 2 * keys.length);
    }
  });

  it('take marks before keys, so that of two that share both neither waits for the other in a circle', async (t) => {
    const url = await server.createDatabase();
    const [one, two] = [
      await openPostgresStore({ url, maxPendingDeliveries: 1_000 }),
      await openPostgresStore({ url, maxPendingDeliveries: 1_000 }),
    ];
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    t.after(async () => {
      await Promise.all([one.close(), two.close(), other.end()]);
      await server.giveBack(url);
    });
    const digest = Buffer.alloc(16, 7);
    await other.query('begin');
    await other.query(`insert into replay_marks values ('default', $1, gen_random_uuid(), 0)`, [digest]);
    const [plain, marked] = [anEvent({ idempotencyKey: 'a' }), anEvent({ idempotencyKey: 'b' })];
    const waiting = [
      one.insertEvent(plain, ['billing']),
      one.insertEvent(marked, ['billing'], { digest, sinceMs: 0 }),
    ];
    await untilOneWaits(other);
    const again = anEvent({ idempotencyKey: 'a' });
    assert.equal((await two.insertEvent(again, ['billing'])).kind, 'inserted', 'it holds no key yet');
    await other.query('rollback');
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ kind }) => kind),
      ['duplicate', 'inserted'],
    );
  });

  it('fence: a lease that another node took back and gave away changes nothing', async (t) => {
    const [one, two] = (await openNodes(t, 2)) as [Store, Store];
    await insertMany(one, 1);
    const stale = (await one.claim(claimOf(1))).leased[0]!.lease;
    const [expired] = await two.expired(stale.untilMs, 10);
    const retry = { kind: 'retry', dueAtMs: stale.untilMs, error: 'interrupted' } as const;
    assert.equal(await two.settle(expired!.lease, retry, anAttempt(), stale.untilMs), 'settled');
    const fresh = (await two.claim(claimOf(1, stale.untilMs))).leased[0]!.lease;
    assert.equal(fresh.deliveryId, stale.deliveryId);
    assert.equal(await one.extend(stale, T0 + 10 * LEASE_MS), 'lost');
    assert.equal(await one.settle(stale, { kind: 'completed' }, anAttempt({ number: 2 }), T0), 'lost');
    assert.equal(await two.settle(fresh, { kind: 'completed' }, anAttempt({ number: 2 }), T0), 'settled');
  });

  it('keep the limit together, within one careful statement of each node beyond the first', async (t) => {
    const limit = 400;
    const nodes = await openNodes(t, 3, limit);
    const outcomes = await Promise.all(
      Array.from({ length: 900 }, (_, at) => nodes[at % 3]!.insertEvent(anEvent(), ['billing'])),
    );
    const inserted = outcomes.filter(({ kind }) => kind === 'inserted').length;
    assert.ok(inserted >= limit, `${inserted} of ${limit}`);
    assert.ok(
      inserted <= limit + (nodes.length - 1) * createBacklog(limit).nearLimitBatch,
      `${inserted} of ${limit}`,
    );
    assert.equal((await nodes[0]!.insertEvent(anEvent(), ['billing'])).kind, 'full');
    assert.equal((await nodes[2]!.insertEvent(anEvent(), ['billing'])).kind, 'full');
    await nodes[1]!.claim(claimOf(inserted - limit + 1));
    assert.equal((await nodes[2]!.insertEvent(anEvent(), ['billing'])).kind, 'inserted');
    assert.equal((await nodes[0]!.insertEvent(anEvent(), ['billing'])).kind, 'full');
  });

  it('replay a delivery once, and number the further replays of an event one after the other', async (t) => {
    const [one, two] = (await openNodes(t, 2)) as [Store, Store];
    const event = anEvent();
    await one.insertEvent(event, ['billing']);
    const { lease } = (await one.claim(claimOf(1))).leased[0]!;
    await one.settle(lease, { kind: 'failed', error: 'no' }, anAttempt(), T0);
    const replay = (options: ReplayOptions) =>
      Promise.all([one, two, one, two].map((node) => node.replay(lease.deliveryId, T0, options, anAudit())));
    const kinds = (await replay({})).map(({ kind }) => kind).sort();
    assert.deepEqual(kinds, ['already_replayed', 'already_replayed', 'already_replayed', 'replayed']);
    assert.equal((await two.deliveriesOf(event.id)).length, 2);
    for (const { kind } of await replay({ again: true })) assert.equal(kind, 'replayed');
    assert.equal((await two.deliveriesOf(event.id)).length, 6);
  });

  it('clean up at once without deleting twice', async (t) => {
    const nodes = await openNodes(t, 3);
    await Promise.all(Array.from({ length: 900 }, () => nodes[0]!.insertEvent(anEvent(), [])));
    const purgeAll = async (node: Store) => {
      let deleted = 0;
      let cursor: string | null = null;
      do {
        const outcome = await node.purge(T0 + 1, 100, cursor);
        deleted += outcome.deleted;
        cursor = outcome.cursor;
      } while (cursor !== null);
      return deleted;
    };
    const deleted = await Promise.all(nodes.map(purgeAll));
    assert.equal(
      deleted.reduce((sum, count) => sum + count, 0),
      900,
    );
    assert.equal((await nodes[0]!.stats()).events, 0);
  });

  it('hear of each other’s work within a moment, and look by themselves if they do not', async (t) => {
    let [heard, polled] = [0, 0];
    // Nothing happens in its database: it is called by its own poll alone, and is the clock of this test.
    const [idle] = (await openNodes(t, 1, 10, {
      onDue() {
        polled += 1;
      },
    })) as [Store];
    const url = await server.createDatabase();
    const listener = await openPostgresStore({
      url,
      maxPendingDeliveries: 100,
      observer: {
        onDue() {
          heard += 1;
        },
      },
    });
    const writer = await openPostgresStore({ url, maxPendingDeliveries: 100 });
    t.after(async () => {
      await Promise.all([listener.close(), writer.close()]);
      await server.giveBack(url);
    });
    const events = 30;
    polled = 0;
    for (let i = 0; i < events; i++) {
      const before = heard;
      await writer.insertEvent(anEvent(), ['billing']);
      await eventually('the other hears of it', () => heard > before);
    }
    assert.ok(polled < events / 2, `${polled} polls: it was not told, it looked`);
    heard = 0;
    await eventually('the poll', () => heard > 0);
    await idle.ping();
  });
});

describe('the clock of a node', () => {
  it('is measured against the server’s', async (t) => {
    const skews: number[] = [];
    await openNodes(t, 1, 10, { onClockSkew: (skewMs) => skews.push(skewMs) });
    assert.ok(skews.length > 0, 'it is told at the start');
    for (const skewMs of skews) assert.ok(Math.abs(skewMs) < 1_000, `${skewMs} ms on one machine`);
  });
});

describe('a snapshot that a transaction holds', () => {
  it('is reported with its age', async (t) => {
    const url = await server.createDatabase();
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query('begin isolation level repeatable read');
    await holder.query('select 1');
    const ages: number[] = [];
    const observer: StoreObserver = { onOldestSnapshot: (ageMs) => ages.push(ageMs) };
    const node = await openPostgresStore({ url, maxPendingDeliveries: 10, observer });
    t.after(async () => {
      await node.close();
      await holder.end();
      await server.giveBack(url);
    });
    assert.ok(ages.length > 0 && ages[0]! > 0, `its age is reported as ${ages[0]} ms`);
  });
});
