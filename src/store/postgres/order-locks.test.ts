import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPostgres, type TestPostgres } from '../../../testkit/postgres.ts';
import { connectClient, HANDLER_SESSION } from './connect.ts';
import { LOCK_KEYS, LOCKED_TIMEOUT_MS } from './order-locks.ts';
import { createServers } from './servers.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

describe('the locks of order keys', () => {
  it('go from a process that stands still before those who wait for them give up', async (t) => {
    const servers = createServers(server.url);
    const client = await connectClient({ servers, applicationName: 'test', isDirect: true });
    t.after(() => client.end());
    const idleTimeout = async () =>
      (await client.query('select setting from pg_settings where name = $1', [SETTING])).rows[0].setting;
    const before = await idleTimeout();
    await client.query('begin');
    await client.query({ ...LOCK_KEYS, values: [[1, 2, 3]] });
    assert.equal(await idleTimeout(), String(LOCKED_TIMEOUT_MS));
    assert.ok(LOCKED_TIMEOUT_MS < Number(HANDLER_SESSION.lock_timeout));
    await client.query('commit');
    assert.equal(await idleTimeout(), before);
  });
});

const SETTING = 'idle_in_transaction_session_timeout';
