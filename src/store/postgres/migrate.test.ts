import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { anAttempt, anEvent } from '../../../testkit/builders.ts';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import type { Migration } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { openPostgresStore } from './open.ts';

/** What a next version may bring in a rolling upgrade: nothing that a program of before would trip over. */
const EXPANDING: Migration = {
  compatibleFrom: MIGRATIONS.length,
  sql: 'alter table deliveries add column priority integer not null default 0; create table extras (id integer)',
};
/** And what ends one. */
const BREAKING: Migration = {
  compatibleFrom: MIGRATIONS.length + 1,
  sql: 'create table extras (id integer)',
};

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

const open = (url: string, more: readonly Migration[] = []) =>
  openPostgresStore({ url, maxPendingDeliveries: 100, migrations: [...MIGRATIONS, ...more] });

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}

describe('migrations', () => {
  it('are done once, however many nodes start at once on an empty database', async () => {
    const url = await server.createDatabase();
    const nodes = await Promise.all([1, 2, 3, 4].map(() => open(url)));
    for (const node of nodes) await node.insertEvent(anEvent(), ['billing']);
    assert.equal((await nodes[0]!.stats()).events, 4);
    await Promise.all(nodes.map((node) => node.close()));
    const rows = await ask(url, 'select version from inbox_schema order by version');
    assert.deepEqual(
      rows.map(({ version }) => version),
      MIGRATIONS.map((_, at) => at + 1),
    );
  });

  it('upgrade under nodes at work: those of before go on, and may even start anew', async () => {
    const url = await server.createDatabase();
    const old = await open(url);
    const event = anEvent();
    await old.insertEvent(event, ['billing']);
    const fresh = await open(url, [EXPANDING]);
    const restarted = await open(url);
    for (const node of [old, fresh, restarted]) {
      await node.insertEvent(anEvent(), ['billing']);
      const request = { token: `token-${Math.random()}`, nowMs: T0, leaseUntilMs: T0 + 1_000 };
      const { leased } = await node.claim({ ...request, limits: [{ destination: 'billing', limit: 1 }] });
      assert.equal(await node.settle(leased[0]!.lease, { kind: 'completed' }, anAttempt(), T0), 'settled');
    }
    assert.equal((await old.eventById(event.id))?.status, 'completed');
    await Promise.all([old, fresh, restarted].map((node) => node.close()));
  });

  it('refuse a program that is older than the schema bears, and say what to do', async () => {
    const url = await server.createDatabase();
    await (await open(url, [BREAKING])).close();
    await assert.rejects(open(url), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'STORE_SCHEMA');
      assert.match(
        error.message,
        /cannot open the database at 127\.0\.0\.1:\d+\/test_\d+: .*run a newer program/,
      );
      return true;
    });
  });

  it('leave nothing behind when one fails', async () => {
    const url = await server.createDatabase();
    const broken: Migration = { compatibleFrom: 2, sql: 'create table extras (id integer); select 1 / 0' };
    await assert.rejects(open(url, [broken]));
    assert.deepEqual(
      await ask(url, "select 1 from pg_class where relname in ('extras', 'inbox_schema')"),
      [],
    );
    await (await open(url)).close();
  });

  it('wait for a long reader with short locks, so that other nodes work on', async () => {
    const url = await server.createDatabase();
    const old = await open(url);
    const reader = new pg.Client({ connectionString: url });
    await reader.connect();
    await reader.query('begin; select count(*) from deliveries');
    const waits: number[] = [];
    const fresh = openPostgresStore({
      url,
      maxPendingDeliveries: 100,
      migrations: [...MIGRATIONS, EXPANDING],
      observer: { onMigrationWaits: (waitedMs) => waits.push(waitedMs) },
    });
    let slowestMs = 0;
    for (let inserts = 0; inserts < 20 || waits.length < 2; inserts++) {
      const fromMs = performance.now();
      await old.insertEvent(anEvent(), ['billing']);
      slowestMs = Math.max(slowestMs, performance.now() - fromMs);
    }
    await reader.query('commit');
    await reader.end();
    await (await fresh).close();
    await old.close();
    // A lock that is waited for is 200 ms; that of before was 10 s.
    assert.ok(slowestMs < 5_000, `an insert took ${Math.round(slowestMs)} ms`);
  });
});

describe('a role with only what the documentation lists', () => {
  /** A role that may read and write the tables that there are, and create none. */
  async function createWriter(url: string): Promise<string> {
    const name = `writer_${new URL(url).pathname.slice(1)}`;
    await ask(url, `create role ${name} login`);
    await ask(url, 'revoke create on schema public from public');
    await ask(url, `grant select, insert, update, delete on all tables in schema public to ${name}`);
    await ask(url, `grant usage on all sequences in schema public to ${name}`);
    const own = new URL(url);
    own.username = name;
    return own.href;
  }

  it('starts and works when the schema is current', async () => {
    const url = await server.createDatabase();
    await (await open(url)).close();
    const store = await open(await createWriter(url));
    assert.deepEqual(await store.insertEvent(anEvent(), ['billing']), { kind: 'inserted' });
    assert.equal((await store.stats()).events, 1);
    await store.close();
  });

  it('is told what to do when it is not', async () => {
    const url = await server.createDatabase();
    await (await open(url)).close();
    const writer = await createWriter(url);
    await assert.rejects(open(writer, [EXPANDING]), /the role of DATABASE_URL may not change it/);
  });
});

describe('the encoding of a database', () => {
  it('has to hold every event', async () => {
    const url = new URL(await server.createDatabase());
    const name = `${url.pathname.slice(1)}_latin1`;
    await ask(
      server.url,
      `create database ${name} encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0`,
    );
    url.pathname = name;
    await assert.rejects(open(url.href), { code: 'STORE_UNSAFE', message: /the encoding LATIN1/ });
  });
});
