import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { anEvent } from '../../../testkit/builders.ts';
import { eventually } from '../../../testkit/eventually.ts';
import { skipWithout } from '../../../testkit/on-path.ts';
import { startPgBouncer } from '../../../testkit/pgbouncer.ts';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { openImport } from '../migrate/import.ts';
import { BY_INDEX } from './connect.ts';
import { openPostgresStore } from './open.ts';

describe('what a role has to bring behind a pooler', { skip: skipWithout('pgbouncer') }, () => {
  it('is told when it does not, and docs/operations.md has all of it', async (t) => {
    const server = await startPostgres();
    t.after(() => server.stop());
    const pooler = await startPgBouncer(server.url);
    t.after(pooler.dispose);
    const directUrl = await server.createDatabase();
    const open = () =>
      openPostgresStore({ url: pooler.urlOf(directUrl), directUrl, maxPendingDeliveries: 1 });
    await assert.rejects(open(), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'STORE_UNSAFE');
      assert.match(error.message, /alter role "test" set enable_seqscan = off;/);
      return true;
    });
    const page = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    const statements = page.match(/^alter role inbox set .*;$/gm) ?? [];
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    for (const statement of statements) await client.query(statement.replace('role inbox', 'role test'));
    await client.end();
    await pooler.ask('reconnect');
    await (await open()).close();
  });
});

describe('a database that is away behind a pooler that is not', { skip: skipWithout('pgbouncer') }, () => {
  it('is told within the time that the pooler lets a statement wait, and used again when it is back', async (t) => {
    const server = await startPostgres(BY_INDEX);
    t.after(() => server.stop());
    const pooler = await startPgBouncer(server.url, { query_wait_timeout: '1' });
    t.after(pooler.dispose);
    const directUrl = await server.createDatabase();
    const store = await openPostgresStore({
      url: pooler.urlOf(directUrl),
      directUrl,
      maxPendingDeliveries: 1_000,
    });
    t.after(() => store.close());
    await server.crash();
    const askedMs = performance.now();
    await assert.rejects(store.insertEvent(anEvent(), ['billing']), { code: 'STORE_UNAVAILABLE' });
    assert.ok(performance.now() - askedMs < 4_000);
    await server.start();
    await eventually('an event is taken', () =>
      store.insertEvent(anEvent(), ['billing']).then(
        ({ kind }) => kind === 'inserted',
        () => false,
      ),
    );
  });
});

describe('a pooler that the store is not told of', { skip: skipWithout('pgbouncer') }, () => {
  let server: TestPostgres;
  before(async () => {
    server = await startPostgres(BY_INDEX);
  });
  after(() => server?.stop());

  const isTold = (error: Error & { code?: string }) => {
    assert.equal(error.code, 'STORE_UNSAFE');
    assert.match(error.message, /a pooler is on the way.*set DATABASE_DIRECT_URL/);
    return true;
  };

  for (const mode of ['transaction', 'session']) {
    for (const ignored of ['', 'options']) {
      it(`is refused at once: pool_mode ${mode}, startup parameters ignored: ${ignored || 'none'}`, async (t) => {
        const pooler = await startPgBouncer(server.url, {
          pool_mode: mode,
          ignore_startup_parameters: ignored,
        });
        t.after(pooler.dispose);
        const directUrl = await server.createDatabase();
        const url = pooler.urlOf(directUrl);
        const startedMs = performance.now();
        await assert.rejects(openPostgresStore({ url, maxPendingDeliveries: 1 }), isTold);
        await assert.rejects(openPostgresStore({ url, directUrl: url, maxPendingDeliveries: 1 }), isTold);
        await assert.rejects(openImport(url), isTold);
        assert.ok(performance.now() - startedMs < 4_000, 'not as if it might come up yet');
      });
    }
  }

  it('is refused with options of a session in its URL, which it would not pass on', async (t) => {
    const pooler = await startPgBouncer(server.url);
    t.after(pooler.dispose);
    const directUrl = await server.createDatabase();
    const url = new URL(pooler.urlOf(directUrl));
    url.searchParams.set('options', '-c work_mem=8MB');
    await assert.rejects(
      openPostgresStore({ url: url.href, directUrl, maxPendingDeliveries: 1 }),
      (error: Error) => isTold(error) && /give options of a URL to the role/.test(error.message),
    );
  });
});

describe('the way beside the pooler', () => {
  it('is looked at when the store opens: without it nobody would lead', async (t) => {
    const server = await startPostgres(BY_INDEX);
    t.after(() => server.stop());
    const gone = new URL(server.url);
    gone.pathname = '/no_such_database';
    await assert.rejects(
      openPostgresStore({ url: server.url, directUrl: gone.href, maxPendingDeliveries: 1 }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'STORE_UNAVAILABLE');
        assert.match(error.message, /no_such_database/);
        return true;
      },
    );
  });
});
