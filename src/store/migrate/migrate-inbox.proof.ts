import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it, type TestContext } from 'node:test';
import pg from 'pg';
import { anEvent } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { type Filled, fillInbox } from '../../../testkit/filled-inbox.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { createTempDir, tempDir } from '../../../testkit/temp-dir.ts';
import { snapshotOf } from '../conformance/snapshot.ts';
import { openStore } from '../open-store.ts';
import { MIGRATIONS } from '../postgres/migrations/index.ts';
import type { Store } from '../store.ts';
import { openExport } from './export.ts';
import { openImport } from './import.ts';
import { type InboxTarget, isEqual, PARTS } from './inbox-copy.ts';
import { type MigrateOptions, migrateInbox } from './migrate-inbox.ts';
import { moveRows } from './move-rows.ts';

const NOW_MS = T0 + 60_000;
const SMALL = { maxRows: 4, maxBytes: 100_000 };
const BOUNDS = { maxRequests: 100, maxBytes: 10_000_000 };

let server: TestPostgres;
let folder: Awaited<ReturnType<typeof createTempDir>>;
/** A filled inbox that all tests only read. */
let from: string;
let filled: Filled;

before(async () => {
  server = await startPostgres();
  folder = await createTempDir();
  from = `${folder.path}/events.db`;
  filled = await withStore({ path: from }, fillInbox);
});
after(async () => {
  await server.stop();
  await folder.remove();
});

async function withStore<T>(
  place: Readonly<{ path?: string; databaseUrl?: string }>,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await openStore({ path: '', ...place, maxPendingDeliveries: 1_000 });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

const migrate = (to: string, more: Partial<MigrateOptions> = {}) =>
  migrateInbox({ from, to, nowMs: () => NOW_MS, limits: SMALL, ...more });

const BY_SEARCH_KEY = [{ field: 'search', name: 'order', values: ['order 0'], negated: false }] as const;

/** Everything that a store has to say about what was put into it. */
async function allOf(store: Store) {
  return {
    ...(await snapshotOf(store, filled.events)),
    rejected: (await store.listRejected(100, null, null)).requests,
    whole: await Promise.all(
      filled.rejected.map(async (id) => {
        const found = await store.readRejected(id);
        return found === null
          ? null
          : { ...found, body: found.body && Buffer.from(found.body).toString('hex') };
      }),
    ),
    duplicates: await Promise.all(filled.events.map(({ id }) => store.duplicatesOf(id))),
    found: (await store.searchSlice({ filter: BY_SEARCH_KEY, limit: 100, cursor: null })).hits,
    states: await Promise.all(filled.sources.map((source) => store.readSourceState(source))),
  };
}

/** The same, of leases that end when the move began. */
const atMove = (all: Awaited<ReturnType<typeof allOf>>) => ({
  ...all,
  leases: (all.leases as { lease: object }[]).map((one) => ({
    ...one,
    lease: { ...one.lease, untilMs: Math.min((one.lease as { untilMs: number }).untilMs, NOW_MS) },
  })),
});

/** A copy of the filled inbox, to be changed. */
async function copyOf(t: TestContext): Promise<string> {
  const path = `${await tempDir(t)}/copy.db`;
  copyFileSync(from, path);
  return path;
}

/** How often `write` is called until the inbox is there. */
async function moveUntil(to: string, wrap: (target: InboxTarget) => InboxTarget): Promise<void> {
  const source = openExport(from);
  const target = await openImport(to);
  try {
    const begun = await target.begin(source.fingerprint, NOW_MS);
    assert.equal(begun.kind, 'begun');
    if (begun.kind !== 'begun') return;
    const { beganAtMs: leasesEndMs } = begun;
    const move = { source, target: wrap(target), limits: SMALL, leasesEndMs, onProgress: () => {} };
    await moveRows(move, begun.mark);
  } finally {
    await target.close();
    source.close();
  }
}

describe('an inbox that is moved', () => {
  it('is the same to every question, and goes on where it was', async () => {
    const to = await server.createDatabase();
    const outcome = await migrate(to);
    assert.equal(outcome.kind, 'moved');
    assert.ok(outcome.proof.every(isEqual));
    assert.deepEqual(
      outcome.proof.map(({ part, target }) => [part, target.rows > 0]),
      [...PARTS, 'counters'].map((part) => [part, true]),
    );
    const path = `${folder.path}/look.db`;
    copyFileSync(from, path);
    const expected = atMove(await withStore({ path }, allOf));
    await withStore({ databaseUrl: to }, async (store) => {
      assert.deepEqual(await allOf(store), expected);

      const [first] = filled.events;
      const again = await store.insertEvent({ ...anEvent(), idempotencyKey: first!.idempotencyKey }, [
        'open',
      ]);
      assert.equal(again.kind === 'duplicate' && again.event.id, first!.id);
      const replayMark = { digest: filled.mark, sinceMs: T0 };
      const marked = await store.insertEvent({ ...anEvent(), source: 'a' }, ['open'], replayMark);
      assert.equal(marked.kind === 'duplicate' && marked.event.id, filled.markedEvent.id);

      const expired = await store.expired(NOW_MS, 10);
      assert.deepEqual(expired.map(({ lease }) => lease.deliveryId).toSorted(), filled.leased.toSorted());

      await store.insertEvent(anEvent(), [{ destination: 'ordered', orderKey: 'k' }]);
      const seen: string[] = [];
      for (let at = 0; at < 4; at++) {
        const limits = [{ destination: 'ordered', limit: 10 }];
        const token = `in order ${at}`;
        const { leased } = await store.claim({ limits, token, nowMs: NOW_MS, leaseUntilMs: NOW_MS + 1 });
        for (const { lease } of leased) await store.settle(lease, { kind: 'completed' }, null, NOW_MS);
        seen.push(...leased.map(({ event }) => event.id));
      }
      assert.deepEqual(seen.slice(0, 3), filled.inOrder, 'in the order of acceptance');
      assert.equal(seen.length, 4, 'what comes later comes behind them');

      const late = { ...(await store.readRejected(filled.rejected[0]!))!, id: anEvent().id };
      await store.keepRejected(late, BOUNDS);
      const { requests } = await store.listRejected(10, null, null);
      assert.equal(requests[0]!.id, late.id, 'what comes later stands first');
    });
    const [row] = await ask(to, 'select max(seq)::integer as last from rejected');
    assert.equal(row!.last, 5, 'the seq of one that was dropped is not used again');
  });

  it('ends a lease of the future: its holder is gone', async (t) => {
    const to = await server.createDatabase();
    const path = await copyOf(t);
    const db = new DatabaseSync(path);
    db.exec(`update deliveries set lease_until = ${NOW_MS + 86_400_000} where status = 'processing'`);
    db.close();
    assert.equal((await migrate(to, { from: path })).kind, 'moved');
    await withStore({ databaseUrl: to }, async (store) =>
      assert.equal((await store.expired(NOW_MS, 10)).length, 2),
    );
  });

  it('is an empty one, too', async (t) => {
    const path = `${await tempDir(t)}/empty.db`;
    await withStore({ path }, async () => {});
    const to = await server.createDatabase();
    assert.equal((await migrate(to, { from: path })).kind, 'moved');
    await withStore({ databaseUrl: to }, async (store) => assert.equal((await store.stats()).events, 0));
  });

  it('moves into a database where a receiver was started and has taken nothing', async () => {
    const to = await server.createDatabase();
    await withStore({ databaseUrl: to }, (store) => store.ping());
    assert.equal((await migrate(to)).kind, 'moved');
  });

  it('leaves the source as it is, also with the -wal file of a crash', async (t) => {
    const crashed = await tempDir(t);
    const path = `${await tempDir(t)}/open.db`;
    await withStore({ path }, async (store) => {
      for (let events = 0; events < 20; events++) await store.insertEvent(anEvent(), ['open']);
      for (const end of ['', '-wal']) copyFileSync(path + end, `${crashed}/events.db${end}`);
    });
    const hashes = (folder: string) =>
      readdirSync(folder)
        .filter((name) => /\.db(-wal)?$/.test(name))
        .map((name) => [
          name,
          createHash('sha256')
            .update(readFileSync(`${folder}/${name}`))
            .digest('hex'),
        ]);
    const before = hashes(crashed);
    assert.equal(before.length, 2);
    const to = await server.createDatabase();
    const { proof } = await migrate(to, { from: `${crashed}/events.db` });
    assert.equal(proof[0]!.target.rows, 20);
    assert.deepEqual(hashes(crashed), before);

    const other = await copyOf(t);
    await migrate(await server.createDatabase(), { from: other });
    assert.deepEqual(readdirSync(other.slice(0, -'/copy.db'.length)).toSorted(), ['copy.db', 'copy.db.lock']);
    assert.ok(readFileSync(other).equals(readFileSync(from)));
  });
});

describe('a move that is interrupted', () => {
  it('goes on from any batch, whether its commit was told or not, and ends the same', async () => {
    const { proof } = await migrate(await server.createDatabase());
    const to = await server.createDatabase();
    let interruptions = 0;
    for (let isDone = false; !isDone; ) {
      let writes = 0;
      isDone = await moveUntil(to, (target) => ({
        ...target,
        async write(batch, mark) {
          writes += 1;
          // Every process gets one batch further; every other one dies before it hears so, or before it asks.
          if (writes === 2 && interruptions % 2 === 0) throw new Error('killed');
          await target.write(batch, mark);
          if (writes === 1 && interruptions % 2 === 1) throw new Error('killed');
        },
      })).then(
        () => true,
        (error: Error) => {
          assert.equal(error.message, 'killed');
          interruptions += 1;
          return false;
        },
      );
    }
    assert.ok(interruptions > 15, `${interruptions} interruptions`);
    const outcome = await migrate(to);
    assert.deepEqual([outcome.kind, outcome.proof], ['moved', proof]);
    const again = await migrate(to);
    assert.deepEqual([again.kind, again.proof], ['moved_before', proof]);
  });

  it('keeps receivers away until its end', async () => {
    const to = await server.createDatabase();
    await moveUntil(to, (target) => target);
    await assert.rejects(
      withStore({ databaseUrl: to }, async () => {}),
      {
        code: 'STORE_LOCKED',
        message: /cannot open the database at .*: an inbox is being moved into it.*webhook-receiver migrate/,
      },
    );
    await migrate(to);
    await withStore({ databaseUrl: to }, (store) => store.ping());
  });

  it('does not go on with another inbox, or with this one once it was used again', async (t) => {
    const to = await server.createDatabase();
    await moveUntil(to, (target) => target);
    const path = await copyOf(t);
    await withStore({ path }, (store) => store.insertEvent(anEvent(), ['open']));
    const refusal = { code: 'STORE_SCHEMA', message: /cannot move into .*in use again.*empty database/ };
    await assert.rejects(migrate(to, { from: path }), refusal);
    await migrate(to);
    await assert.rejects(migrate(to, { from: path }), refusal);
  });
});

describe('the proof', () => {
  const CHANGES = {
    events: 'update events set body = set_byte(body, 0, 7) where octet_length(body) > 6 and source = $$a$$',
    deliveries: 'update deliveries set lease_until = lease_until + 1 where lease_until is not null',
    attempts: `delete from attempts where outcome = 'succeeded'`,
    replay_marks: 'update replay_marks set received_at = received_at + 1',
    duplicates: 'update duplicates set count = count + 1',
    event_search: `delete from event_search where value = 'order 1'`,
    rejected: 'update rejected set body = null',
    source_state: `insert into source_state values ('b', 'secret', 'x', 1)`,
    counters: 'update totals set pending = pending + 1',
  };
  for (const [part, change] of Object.entries(CHANGES)) {
    it(`sees a change in ${part}, and the target stays closed`, async () => {
      const to = await server.createDatabase();
      await moveUntil(to, (target) => target);
      await ask(to, change);
      const { kind, proof } = await migrate(to);
      assert.equal(kind, 'differs');
      assert.deepEqual(
        proof.filter((one) => !isEqual(one)).map((one) => one.part),
        [part],
      );
      await assert.rejects(
        withStore({ databaseUrl: to }, async () => {}),
        { code: 'STORE_LOCKED' },
      );
    });
  }
});

describe('a move is refused', () => {
  it('while a receiver runs on the source', async (t) => {
    const path = await copyOf(t);
    await withStore({ path }, async () => {
      await assert.rejects(migrate(server.url, { from: path }), {
        code: 'STORE_LOCKED',
        message: /in use by another webhook-receiver/,
      });
    });
  });

  it('while a receiver runs on the target, or another move', async () => {
    const to = await server.createDatabase();
    const refusal = { code: 'STORE_LOCKED', message: /cannot move into .*at work in it/ };
    await withStore({ databaseUrl: to }, () => assert.rejects(migrate(to), refusal));
    const target = await openImport(to);
    await target.begin('another', NOW_MS);
    await assert.rejects(migrate(to), refusal);
    await target.close();
  });

  it('into a database with an inbox of its own', async () => {
    const to = await server.createDatabase();
    await withStore({ databaseUrl: to }, (store) => store.keepSourceState('a', 'secret', 'x', T0));
    await assert.rejects(migrate(to), { code: 'STORE_SCHEMA', message: /source_state has rows/ });
  });

  it('into a schema that is newer or older than the program', async () => {
    const to = await server.createDatabase();
    await ask(
      to,
      'create table inbox_schema (version integer primary key, compatible_from integer not null)',
    );
    await ask(to, `insert into inbox_schema values (${MIGRATIONS.length + 1}, 1)`);
    await assert.rejects(migrate(to), { code: 'STORE_SCHEMA', message: /run a newer program/ });
  });

  it('from a schema that is newer or older, a foreign file, or none', async (t) => {
    const path = await copyOf(t);
    const version = (number: number) => {
      const db = new DatabaseSync(path);
      db.exec(`pragma user_version = ${number}`);
      db.close();
    };
    version(99);
    await assert.rejects(migrate(server.url, { from: path }), {
      message: /schema version 99.*newer program/,
    });
    version(1);
    await assert.rejects(migrate(server.url, { from: path }), {
      message: /version 1, .*brings it up to date/,
    });
    const foreign = `${await tempDir(t)}/foreign.db`;
    new DatabaseSync(foreign).exec('create table t (a)');
    await assert.rejects(migrate(server.url, { from: foreign }), {
      message: /database of another program: give --from/,
    });
    await assert.rejects(migrate(server.url, { from: `${foreign}.not` }), {
      code: 'STORE_IO',
      message: /no database at/,
    });
    assert.ok(!readdirSync(foreign.slice(0, -'/foreign.db'.length)).includes('foreign.db.not'));
  });

  it('to a server that is not there', async () => {
    await assert.rejects(migrate('postgres://test@127.0.0.1:1/none'), {
      code: 'STORE_UNAVAILABLE',
      message: /^cannot move into 127\.0\.0\.1:1\/none: .*ECONNREFUSED/,
    });
  });
});
