import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { assertRefusal } from './support/refusal.ts';
import { withStore } from './support/stored.ts';

const CONFIG = 'export default { destinations: { quick: { handler: () => {} } } };';

describe('a start that cannot succeed ends with status 1 and one clear message', () => {
  it('for a database file that is garbage, which it leaves as it is', async (t) => {
    const folder = await receiverFolder(t);
    const garbage = Buffer.alloc(20_000, 'not a database ');
    await writeFile(folder.databasePath, garbage);
    assertRefusal(await folder.run(), /cannot open the database .*events\.db: .*damaged or not an SQLite/);
    assert.ok((await readFile(folder.databasePath)).equals(garbage));
  });

  it('for a database file whose end is missing', async (t) => {
    const folder = await receiverFolder(t);
    await withStore(folder.databasePath, async () => {});
    const whole = await readFile(folder.databasePath);
    await writeFile(folder.databasePath, whole.subarray(0, 4196));
    assertRefusal(await folder.run(), /cannot open the database .*events\.db: .*restore a backup/);
  });

  it('for the database of another program, which it leaves as it is', async (t) => {
    const folder = await receiverFolder(t);
    const foreign = new DatabaseSync(folder.databasePath);
    foreign.exec('create table bookmarks (url text)');
    foreign.close();
    const before = await readFile(folder.databasePath);
    assertRefusal(await folder.run(), /events\.db is the database of another program: give DB_PATH another/);
    assert.ok((await readFile(folder.databasePath)).equals(before));
  });

  it('for a schema that is newer than the program', async (t) => {
    const folder = await receiverFolder(t);
    await withStore(folder.databasePath, async () => {});
    const db = new DatabaseSync(folder.databasePath);
    db.exec('pragma user_version = 99');
    db.close();
    assertRefusal(await folder.run(), /events\.db has schema version 99, .*run a newer program/);
  });

  it('for a folder that cannot be made', async (t) => {
    const folder = await receiverFolder(t);
    await writeFile(join(folder.path, 'file'), '');
    const path = join(folder.path, 'file', 'data', 'events.db');
    assertRefusal(await folder.run({ DB_PATH: path }), /cannot create the database .*events\.db: .*DB_PATH/);
  });

  it('for a path that is a folder', async (t) => {
    const folder = await receiverFolder(t);
    await mkdir(join(folder.path, 'folder.db'));
    assertRefusal(await folder.run({ DB_PATH: 'folder.db' }), /folder\.db is not a file\. DB_PATH takes/);
  });

  it('for a PostgreSQL that is not there, after some seconds of patience', async (t) => {
    const folder = await receiverFolder(t);
    const startedMs = performance.now();
    const refused = await folder.run({ DATABASE_URL: 'postgres://u:p@127.0.0.1:1/inbox' });
    assertRefusal(
      refused,
      /^webhook-receiver: cannot open the database at 127\.0\.0\.1:1\/inbox: .*ECONNREFUSED/,
    );
    assert.ok(performance.now() - startedMs > 5_000);
  });

  it('for settings that are wrong, all of them at once', async (t) => {
    const folder = await receiverFolder(t, {
      config: `export default { destinations: { billing: { url: 'ftp://x', concurency: 5 } } };`,
      env: { MAX_ATTEMPTS: 'many', RETRY_JITTER: '2', LOG_LEVEL: 'LOUD' },
    });
    const refused = await folder.run();
    assertRefusal(refused, /The configuration has 5 mistakes:/);
    for (const name of ['MAX_ATTEMPTS', 'RETRY_JITTER', 'LOG_LEVEL', 'billing.url', 'concurency']) {
      assert.ok(refused.stderr.includes(name), name);
    }
    assert.equal(refused.stderr.split('\n').length, 6);
  });

  it('for a config file that throws', async (t) => {
    const folder = await receiverFolder(t, { config: `throw new Error('no licence key');` });
    assertRefusal(await folder.run(), /1 mistake:\n.*webhooks\.config\.mjs: .*no licence key/);
  });

  it('for a port that is taken', async (t) => {
    const folder = await receiverFolder(t, { config: CONFIG });
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    t.after(() => holder.close());
    const { port } = holder.address() as { port: number };
    const refused = await folder.run({ PORT: String(port) });
    assertRefusal(refused, new RegExp(`EADDRINUSE.*:${port}: give PORT another value`));
  });

  it('for an address that is not of this machine', async (t) => {
    const folder = await receiverFolder(t, { config: CONFIG });
    // TEST-NET-1, which no machine has (RFC 5737).
    assertRefusal(await folder.run({ HOST: '192.0.2.1' }), /EADDRNOTAVAIL.*192\.0\.2\.1.*HOST/);
  });

  it('for a Node.js that is too old', async (t) => {
    const folder = await receiverFolder(t);
    const preload = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'24.14.9'}})`;
    const how = { nodeOptions: ['--conditions=source', '--import', preload] };
    assertRefusal(await folder.run({}, how), /needs Node\.js 24\.15 or newer; this is 24\.14\.9 \(.*npm ci/);
  });
});
