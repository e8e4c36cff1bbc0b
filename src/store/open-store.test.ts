import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { freePort } from '../../testkit/server-process.ts';
import { tempDir } from '../../testkit/temp-dir.ts';
import { openStore } from './open-store.ts';

describe('openStore', () => {
  it('opens the SQLite file where there is no URL', async (t) => {
    const path = join(await tempDir(t), 'events.db');
    const store = await openStore({ path, databaseUrl: null, maxPendingDeliveries: 1 });
    assert.equal((await store.stats()).events, 0);
    await store.close();
    assert.equal(existsSync(path), true);
  });

  it('opens the database of the URL where there is one, and makes no file', async (t) => {
    const path = join(await tempDir(t), 'events.db');
    const databaseUrl = `postgres://nobody@127.0.0.1:${await freePort()}/none`;
    await assert.rejects(openStore({ path, databaseUrl, maxPendingDeliveries: 1 }), {
      code: 'STORE_UNAVAILABLE',
    });
    assert.equal(existsSync(path), false);
  });
});
