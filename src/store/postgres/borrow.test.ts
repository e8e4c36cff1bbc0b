import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import pg from 'pg';
import { anEvent } from '../../../testkit/builders.ts';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { createBorrow, SMALL_POOL_MS } from './borrow.ts';
import { createPool } from './connect.ts';
import { openPostgresStore } from './open.ts';
import { createServers } from './servers.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

/** A database that takes so many connections of a role that is no superuser. */
async function createLimited(connections: number): Promise<string> {
  const url = new URL(await server.createDatabase());
  const name = url.pathname.slice(1);
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`create role ${name} login`);
  await admin.query(`alter database ${name} owner to ${name}`);
  await admin.query(`alter database ${name} connection limit ${connections}`);
  await admin.end();
  url.username = name;
  return url.href;
}

async function openPool(t: TestContext, connections: number) {
  const url = await createLimited(connections);
  const pool = createPool({ servers: createServers(url), applicationName: 'test', isDirect: true }, 5);
  const clock = createFakeClock();
  const refused: number[] = [];
  const borrow = createBorrow(pool, (open) => refused.push(open), clock);
  t.after(() => pool.end());
  return { pool, clock, refused, borrow };
}

describe('a server that has no connection left', () => {
  it('makes the pool no larger for a while, and its connections are waited for', async (t) => {
    const { pool, clock, refused, borrow } = await openPool(t, 2);
    const [one, two] = [await borrow(), await borrow()];
    const third = borrow();
    setTimeout(() => one.release(), 50);
    const again = await third;
    assert.deepEqual([refused, pool.options.max, pool.totalCount], [[2], 2, 2]);
    again.release();
    two.release();
    await clock.advance(SMALL_POOL_MS);
    assert.equal(pool.options.max, 5);
  });

  it('refuses who has no connection at all', async (t) => {
    const { refused, borrow } = await openPool(t, 0);
    await assert.rejects(borrow(), { code: '53300' });
    assert.deepEqual(refused, [0]);
  });

  it('costs no event its place: what comes at once waits for the connections there are', async (t) => {
    const url = await createLimited(4);
    const refused: number[] = [];
    const store = await openPostgresStore({
      url,
      maxPendingDeliveries: 1_000,
      observer: { onConnectionsRefused: (open) => refused.push(open) },
    });
    t.after(() => store.close());
    const inserted = await Promise.all(
      Array.from({ length: 20 }, async () => {
        await store.stats();
        return store.insertEvent(anEvent(), []);
      }),
    );
    assert.ok(inserted.every(({ kind }) => kind === 'inserted'));
    assert.ok(refused.length > 0);
  });
});
