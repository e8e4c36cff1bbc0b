import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startPostgres } from '../../../testkit/postgres.ts';
import { connectClient } from './connect.ts';
import { openPostgresStore } from './open.ts';
import { createServers } from './servers.ts';

describe('what is acknowledged', () => {
  it('waits for the disk in every session, whatever the server or the role has as its default', async (t) => {
    const server = await startPostgres({ synchronous_commit: 'off' });
    t.after(() => server.stop());
    const servers = createServers(server.url);
    const client = await connectClient({ servers, applicationName: 'test', isDirect: true });
    const { rows } = await client.query('show synchronous_commit');
    await client.end();
    assert.equal(rows[0].synchronous_commit, 'on');
    await (await openPostgresStore({ url: server.url, maxPendingDeliveries: 1 })).close();
  });

  it('is not taken by a server that does not write to its disk, nor through a pooler that hides its settings', async (t) => {
    const server = await startPostgres({ fsync: 'off', synchronous_commit: 'off' });
    t.after(() => server.stop());
    for (const directUrl of [null, server.url]) {
      await assert.rejects(
        openPostgresStore({ url: server.url, directUrl, maxPendingDeliveries: 1 }),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'STORE_UNSAFE');
          assert.match(
            error.message,
            directUrl === null ? /has fsync off/ : /fsync and synchronous_commit off/,
          );
          return true;
        },
      );
    }
  });
});
