import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { anEvent } from '../../../testkit/builders.ts';
import { skipWithout } from '../../../testkit/on-path.ts';
import { type PgBouncer, startPgBouncer } from '../../../testkit/pgbouncer.ts';
import { runOn, startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { openReopenable, storeConformance } from '../conformance/index.ts';
import { BY_INDEX } from './connect.ts';
import { openPostgresStore } from './open.ts';

describe('through PgBouncer in transaction mode', { skip: skipWithout('pgbouncer') }, () => {
  let server: TestPostgres;
  let pooler: PgBouncer;
  before(async () => {
    server = await startPostgres(BY_INDEX);
    // Fewer than the store's own connections, so that each of them gets whichever is free.
    pooler = await startPgBouncer(server.url, { default_pool_size: '3' });
  });
  after(async () => {
    await pooler?.dispose();
    await server?.stop();
  });

  storeConformance(
    'postgres behind a pooler',
    async (options) => {
      const directUrl = await server.createDatabase();
      return openReopenable(
        () => openPostgresStore({ ...options, url: pooler.urlOf(directUrl), directUrl }),
        () => server.dropDatabase(directUrl),
      );
    },
    true,
  );

  it('one node leads, and what is due is announced, on the way beside the pooler', async (t) => {
    const directUrl = await server.createDatabase();
    const nodes = await Promise.all(
      Array.from({ length: 3 }, () =>
        openPostgresStore({ url: pooler.urlOf(directUrl), directUrl, maxPendingDeliveries: 10 }),
      ),
    );
    t.after(() => Promise.all(nodes.map((node) => node.close())));
    const roles = await Promise.all(nodes.map((node) => node.tryLead()));
    assert.deepEqual(roles.toSorted(), ['follower', 'follower', 'leader']);
    const listener = new pg.Client({ connectionString: directUrl });
    await listener.connect();
    t.after(() => listener.end());
    await listener.query('listen webhook_receiver_due');
    const heard = once(listener, 'notification');
    await nodes[0]!.insertEvent(anEvent(), ['billing']);
    await heard;
  });

  it('of several poolers the one is used whose server takes writes', async (t) => {
    const standby = await startPostgres({ ...BY_INDEX, default_transaction_read_only: 'on' });
    t.after(() => standby.stop());
    const other = await startPgBouncer(standby.url, {});
    t.after(other.dispose);
    const directUrl = await server.createDatabase();
    const { pathname } = new URL(directUrl);
    const writable = `${standby.url}?options=-c%20default_transaction_read_only%3Doff`;
    await runOn(writable, `create database ${pathname.slice(1)}`);
    const listed = (...urls: string[]) =>
      `postgres://test@${urls.map((url) => new URL(url).host)}${pathname}`;
    const store = await openPostgresStore({
      url: listed(other.urlOf(standby.url), pooler.urlOf(directUrl)),
      directUrl: listed(standby.url, directUrl),
      maxPendingDeliveries: 10,
    });
    t.after(() => store.close());
    assert.deepEqual(await store.insertEvent(anEvent(), ['billing']), { kind: 'inserted' });
    assert.equal(await store.tryLead(), 'leader');
  });

  it('nodes that start at once make one schema', async (t) => {
    const directUrl = await server.createDatabase();
    const nodes = await Promise.all(
      Array.from({ length: 6 }, () =>
        openPostgresStore({ url: pooler.urlOf(directUrl), directUrl, maxPendingDeliveries: 10 }),
      ),
    );
    t.after(() => Promise.all(nodes.map((node) => node.close())));
    await Promise.all(nodes.map((node) => node.ping()));
  });
});
