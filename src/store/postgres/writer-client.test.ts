import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { anAttempt, anEvent } from '../../../testkit/builders.ts';
import { eventually } from '../../../testkit/eventually.ts';
import { FAKE_EPOCH_MS as T0 } from '../../../testkit/fake-clock.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { freePort } from '../../../testkit/server-process.ts';
import type { Transaction } from '../../domain/transaction.ts';
import type { Store } from '../store.ts';
import { connectClient, createPool } from './connect.ts';
import { openPostgresStore } from './open.ts';
import { createServers } from './servers.ts';

/** What a standby and a demoted primary have in common: every transaction is read-only. */
const READ_ONLY = { default_transaction_read_only: 'on' };

let writer: TestPostgres;
let reader: TestPostgres;
before(async () => {
  [writer, reader] = await Promise.all([startPostgres(), startPostgres(READ_ONLY)]);
});
after(() => Promise.all([writer.stop(), reader.stop()]));

const hostOf = (url: string) => new URL(url).host;
const urlOf = (hosts: readonly string[], user = 'test') => `postgres://${user}@${hosts.join(',')}/postgres`;
const wayTo = (url: string) => ({ servers: createServers(url), applicationName: 'test', isDirect: true });

async function portOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query(`select current_setting('port')::integer as port`);
  return rows[0].port as number;
}

describe('a client of several servers', () => {
  it('connects to the one that takes writes, and the next one begins there', async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    const way = wayTo(urlOf([dead, hostOf(reader.url), hostOf(writer.url)]));
    for (let clients = 0; clients < 2; clients++) {
      const client = await connectClient(way);
      assert.equal(await portOf(client), Number(new URL(writer.url).port));
      await client.end();
      assert.equal(hostOf(way.servers.current()), hostOf(writer.url));
    }
  });

  it('says of each server why it is not the one, without the password', async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    const url = `postgres://test:hunter2@${dead},${hostOf(reader.url)}/postgres`;
    await assert.rejects(
      openPostgresStore({ url, maxPendingDeliveries: 1 }),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'STORE_UNAVAILABLE');
        assert.match(
          error.message,
          new RegExp(`^cannot open the database at ${dead},${hostOf(reader.url)}/postgres: `),
        );
        assert.match(error.message, new RegExp(`${dead}: .*ECONNREFUSED`));
        assert.match(error.message, new RegExp(`${hostOf(reader.url)}: the server takes no writes`));
        assert.doesNotMatch(error.stack!, /hunter2/);
        return true;
      },
    );
  });

  it('does not ask the others when the answer would be the same', async () => {
    const way = wayTo(urlOf([hostOf(writer.url), hostOf(reader.url)], 'nobody_here'));
    await assert.rejects(connectClient(way), /role "nobody_here" does not exist/);
    assert.equal(hostOf(way.servers.current()), hostOf(writer.url));
  });

  it('refuses a single server that takes no writes as well', async () => {
    await assert.rejects(connectClient(wayTo(reader.url)), /the server takes no writes/);
  });

  it('shares what it found with a pool, whose calls at once find it too', async (t) => {
    const dead = `127.0.0.1:${await freePort()}`;
    const way = wayTo(urlOf([dead, hostOf(reader.url), hostOf(writer.url)]));
    const pool = createPool(way, 5);
    t.after(() => pool.end());
    const clients = await Promise.all(Array.from({ length: 5 }, () => pool.connect()));
    for (const client of clients) {
      assert.equal(await portOf(client), Number(new URL(writer.url).port));
      client.release();
    }
  });
});

describe('a store whose server becomes read-only', () => {
  it('goes on with the other one, with all its connections', async (t) => {
    const old = await startPostgres();
    t.after(() => old.stop());
    const name = 'moved';
    for (const { url } of [old, writer]) await ask(url, `create database ${name}`);
    const at = (url: string) => `postgres://test@${hostOf(url)}/${name}`;
    // The tables are there too, as on a standby.
    await (await openPostgresStore({ url: at(writer.url), maxPendingDeliveries: 100 })).close();
    const url = `postgres://test@${hostOf(old.url)},${hostOf(writer.url)}/${name}`;
    const store = await openPostgresStore({ url, maxPendingDeliveries: 100 });
    t.after(() => store.close());
    const insertMany = () =>
      Promise.all(
        Array.from({ length: 30 }, () =>
          store.insertEvent(anEvent(), ['billing']).then(
            ({ kind }) => kind,
            (error) => error.code as string,
          ),
        ),
      );
    assert.deepEqual([...new Set(await insertMany())], ['inserted']);
    assert.equal(await completeOne(store), 'completed');
    await eventually('it leads', async () => (await store.tryLead()) === 'leader');

    await ask(old.url, 'alter system set default_transaction_read_only = on');
    await ask(old.url, 'select pg_reload_conf()');
    await eventually('events are taken', async () =>
      (await insertMany()).every((kind) => kind === 'inserted'),
    );
    assert.equal(await completeOne(store), 'completed', 'a handler gets a connection that writes');
    await eventually('it leads on the other server', async () => {
      if ((await store.tryLead()) !== 'leader') return false;
      const rows = await ask(
        at(writer.url),
        `select from pg_locks where locktype = 'advisory' and objid = 2 and granted
          and database = (select oid from pg_database where datname = current_database())`,
      );
      return rows.length === 1;
    });
    await eventually('no connection is left on the old one', async () => {
      const rows = await ask(
        old.url,
        `select from pg_stat_activity where datname = '${name}' and application_name like 'webhook-receiver%'`,
      );
      return rows.length === 0;
    });
  });
});

async function completeOne(store: Store): Promise<'completed' | 'lost'> {
  const { leased } = await store.claim({
    token: crypto.randomUUID(),
    limits: [{ destination: 'billing', limit: 1 }],
    nowMs: T0,
    leaseUntilMs: T0 + 60_000,
  });
  const finish = () => ({ attempt: anAttempt({ number: 1 }), nowMs: T0 });
  const work = async (tx: Transaction) => {
    if (tx.kind === 'postgres')
      await tx.query('create temporary table of_the_handler on commit drop as select 1');
  };
  return store.completeWithin(leased[0]!.lease, work, finish);
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}
