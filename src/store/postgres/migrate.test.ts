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
});
