import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { anAttempt, anAudit, anEvent } from '../../../testkit/builders.ts';
import { eventually } from '../../../testkit/eventually.ts';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { deliveryIdOf } from '../../domain/delivery.ts';
import type { WebhookEvent } from '../../domain/event.ts';
import type { ClockReading } from '../../runtime/corrected-clock.ts';
import { BY_INDEX } from './connect.ts';
import { type Migration, migrate } from './migrate.ts';
import { replays } from './migrations/0008-replays.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { openPostgresStore } from './open.ts';
import { relationsOf } from './rights.ts';
import { applySchema, checkSchema, printSchema } from './schema.ts';

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

const EVENT_OF_BEFORE = `
  insert into events (id, received_at, source, idempotency_key, event_type, method, url, content_type, headers, body)
  values ($1, $2, 's', $1::uuid::text, 't', 'POST', '/', '', '[]', '')`;
const DELIVERY_OF_BEFORE = `
  insert into deliveries (event_id, number, destination, status, replay_of, attempts, due_at, created_at, updated_at)
  values ($1, $2, 'billing', $3, $4, 0, $5, $5, $5)`;

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
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
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

  it('let a version be rolled back and come again, with what each of them took', async () => {
    const url = await server.createDatabase();
    for (const migrations of [[EXPANDING], [], [EXPANDING]]) {
      const store = await open(url, migrations);
      await store.insertEvent(anEvent(), ['billing']);
      await store.close();
    }
    const again = await open(url);
    assert.equal((await again.stats()).events, 3);
    await again.close();
    const { version } = await checkSchema(url);
    assert.equal(version, MIGRATIONS.length + 1, 'nothing is migrated backwards');
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

  it('keep all replays that a delivery had; the first one is the one that counts', async () => {
    const url = await server.createDatabase();
    const before = MIGRATIONS.slice(0, MIGRATIONS.indexOf(replays));
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await migrate(client, before);
    const [dead, done] = [anEvent(), anEvent()];
    const rows: readonly (readonly [WebhookEvent, number, string, number | null])[] = [
      [dead, 1, 'failed', null],
      [dead, 2, 'pending', 1],
      [dead, 3, 'failed', 1],
      [done, 1, 'completed', null],
      [done, 2, 'completed', 1],
    ];
    for (const { id } of [dead, done]) await client.query(EVENT_OF_BEFORE, [id, T0]);
    for (const [{ id }, ...row] of rows) await client.query(DELIVERY_OF_BEFORE, [id, ...row, T0]);
    await client.query(`insert into delivery_counts values ('billing', 7, 1, 0, 2, 2)`);
    await client.end();

    const store = await open(url);
    const idOf = (event: WebhookEvent, number: number) => deliveryIdOf(event.id, number);
    const letters = (await store.listDeadLetters(10, null)).deliveries;
    assert.deepEqual(
      letters.map(({ id }) => id),
      [idOf(dead, 3)],
    );
    const { counts } = await store.stats();
    assert.deepEqual(
      counts.map(({ status, count }) => `${count} ${status}`),
      ['1 pending', '2 completed', '1 failed'],
    );
    assert.equal((await store.deliveriesOf(dead.id))[0]!.replayedBy, idOf(dead, 2));
    for (const event of [dead, done]) {
      const refused = { kind: 'already_replayed', replayId: idOf(event, 2) };
      assert.deepEqual(await store.replay(idOf(event, 1), T0, { completed: true }, anAudit()), refused);
    }
    assert.equal((await store.replay(idOf(dead, 3), T0, {}, anAudit())).kind, 'replayed');
    await store.close();
  });

  it('wait for a long reader with short locks, so that accepts of other nodes stay below 500 ms', async (t) => {
    const url = await server.createDatabase();
    const old = await openPostgresStore({ url, maxPendingDeliveries: 1_000_000 });
    const reader = new pg.Client({ connectionString: url });
    await reader.connect();
    await reader.query('begin; select count(*) from deliveries');
    const waits: number[] = [];
    const fresh = openPostgresStore({
      url,
      maxPendingDeliveries: 1_000_000,
      migrations: [...MIGRATIONS, EXPANDING],
      observer: { onMigrationWaits: (waitedMs) => waits.push(waitedMs) },
    });
    let isMigrated = false;
    const done = fresh.then(async (store) => {
      isMigrated = true;
      await store.close();
    });
    // What the machine itself takes for a commit meanwhile.
    await ask(url, 'create table control (id integer)');
    const control = new pg.Client({ connectionString: url });
    await control.connect();
    const slowest = { insert: 0, control: 0 };
    const time = async (of: 'insert' | 'control', work: () => Promise<unknown>) => {
      const fromMs = performance.now();
      await work();
      slowest[of] = Math.max(slowest[of], performance.now() - fromMs);
    };
    const inserting = async () => {
      while (!isMigrated) await time('insert', () => old.insertEvent(anEvent(), ['billing']));
    };
    const controlling = async () => {
      while (!isMigrated) await time('control', () => control.query('insert into control values (1)'));
    };
    const working = Promise.all([inserting(), inserting(), controlling()]);
    await eventually('the migration waits', () => waits.length > 3);
    await reader.query('commit');
    await Promise.all([reader.end(), done, working]);
    await Promise.all([control.end(), old.close()]);
    const { insert, control: ownMs } = slowest;
    t.diagnostic(
      `the slowest of the inserts took ${Math.round(insert)} ms, of the commits elsewhere ${Math.round(ownMs)} ms`,
    );
    assert.ok(
      insert < 500 + ownMs,
      `an insert took ${Math.round(insert)} ms, a commit elsewhere ${Math.round(ownMs)} ms`,
    );
  });
});

describe('a role with only what the documentation lists', () => {
  /** A role that may do nothing yet, as the role of an application is made. */
  async function createWriter(url: string): Promise<{ name: string; url: string }> {
    const name = `writer_${new URL(url).pathname.slice(1)}`;
    await ask(url, `create role ${name} login`);
    await ask(url, 'revoke create on schema public from public');
    const own = new URL(url);
    own.username = name;
    return { name, url: own.href };
  }

  it('starts and works when the schema is current', async () => {
    const url = await server.createDatabase();
    await (await open(url)).close();
    const writer = await createWriter(url);
    await applySchema(url, writer.name, () => {});
    const store = await open(writer.url);
    assert.deepEqual(await store.insertEvent(anEvent(), ['billing']), { kind: 'inserted' });
    assert.equal((await store.stats()).events, 1);
    await store.close();
    assert.deepEqual(await ask(url, "select 1 from pg_class where relname = 'inbox_import'"), []);
    await assert.rejects(ask(writer.url, 'create table other (id integer)'), /permission denied/);
    await assert.rejects(ask(writer.url, 'insert into inbox_schema values (99, 1)'), /permission denied/);
  });

  it('is told which command to run when it is not, on an empty database too', async () => {
    const url = await server.createDatabase();
    const writer = await createWriter(url);
    const refusal = (version: number) =>
      new RegExp(
        `the schema has version ${version} and has to be .*the role ${writer.name} has no right to it .*` +
          `run \`webhook-receiver schema apply --grant-to ${writer.name}\` with a DATABASE_URL whose role`,
      );
    await assert.rejects(open(writer.url), refusal(0));
    await (await open(url)).close();
    await assert.rejects(open(writer.url), /the version of the schema has to be read, and the role/);
    await applySchema(url, writer.name, () => {});
    await assert.rejects(open(writer.url, [EXPANDING]), refusal(MIGRATIONS.length));
  });

  it('is told at the start what it lacks, not by the first event', async () => {
    const url = await server.createDatabase();
    const writer = await createWriter(url);
    await applySchema(url, writer.name, () => {});
    await ask(
      url,
      `revoke insert on deliveries from ${writer.name}; revoke usage on delivery_positions from ${writer.name}`,
    );
    await assert.rejects(open(writer.url), /may not read and write deliveries, delivery_positions: run/);
  });
});

describe('the statements of the schema', () => {
  it('are made for all tables and sequences that there are', async () => {
    const url = await server.createDatabase();
    await (await open(url)).close();
    const found = await ask(
      url,
      `select relname as name, relkind as kind from pg_class where relnamespace = 'public'::regnamespace
        and (relkind = 'r' or relkind = 'S' and relname not like '%_seq_seq') order by relname`,
    );
    const named = relationsOf(MIGRATIONS);
    const all = [
      ...[...named.tables, 'inbox_schema'].map((name) => ({ name, kind: 'r' })),
      ...named.sequences.map((name) => ({ name, kind: 'S' })),
    ];
    assert.deepEqual(
      found,
      all.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    );
  });

  it('are printed as a script that does the same, once', async () => {
    const [url, other] = [await server.createDatabase(), await server.createDatabase()];
    await ask(url, 'create role "the Runtime" login');
    const script = await printSchema(url, 'the Runtime');
    assert.equal((await checkSchema(url)).version, 0, 'printing changes nothing');
    await ask(url, script);
    const applied = await applySchema(other, 'the Runtime', () => {});
    for (const sql of applied) assert.ok(script.includes(`${sql};`), sql);
    const shape = `select table_name, column_name, data_type from information_schema.columns
      where table_schema = 'public' order by 1, 2`;
    assert.deepEqual(await ask(url, shape), await ask(other, shape));
    const { version, known, lacking } = await checkSchema(url.replace('test@', 'the%20Runtime@'));
    assert.deepEqual([version, known, lacking], [MIGRATIONS.length, MIGRATIONS.length, []]);
    await assert.rejects(ask(url, script), /already exists/);
    assert.match(await printSchema(url, null), /^-- the schema is current at version \d+$/m);
    assert.deepEqual(await applySchema(url, null, () => {}), []);
  });

  it('of an upgrade are refused when another one was faster', async () => {
    const url = await server.createDatabase();
    await (await open(url)).close();
    await ask(url, 'delete from inbox_schema where version > 1');
    const script = await printSchema(url, null);
    await ask(url, 'insert into inbox_schema values (2, 1)');
    await assert.rejects(ask(url, script), /the schema is not at version 1 any more: print it again/);
  });
});

describe("the server's clock", () => {
  it('is read with the first connection of a start, before the session has one', async () => {
    const url = await server.createDatabase();
    // As behind a pooler, so that the session has a way of its own, which is closed.
    for (const name of Object.keys(BY_INDEX)) {
      await ask(url, `alter database ${new URL(url).pathname.slice(1)} set ${name} = off`);
    }
    const readings: number[] = [];
    const refused = 'postgres://nobody@127.0.0.1:1/none';
    const onClockReading = ({ atMs }: ClockReading) => readings.push(atMs);
    const opening = openPostgresStore({
      url,
      directUrl: refused,
      maxPendingDeliveries: 1,
      observer: { onClockReading },
    });
    await assert.rejects(opening);
    assert.equal(readings.length, 1);
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
