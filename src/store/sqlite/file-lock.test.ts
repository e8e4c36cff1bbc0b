import assert from 'node:assert/strict';
import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { openSqliteStore } from './open.ts';

const open = (path: string) => openSqliteStore({ path, maxPendingDeliveries: 10 });

/** A file with an inbox that nobody uses, and another name of it. */
async function twoNames(t: Parameters<typeof tempDir>[0], folder = '.') {
  const one = join(await tempDir(t), 'one.db');
  await (await open(one)).close();
  const two = join(dirname(one), folder, 'two.db');
  mkdirSync(dirname(two), { recursive: true });
  linkSync(one, two);
  return [one, two] as const;
}

describe('a file with two names', () => {
  test('is refused by one while a receiver uses the other, also after a checkpoint', async (t) => {
    const [one, two] = await twoNames(t);
    const store = await open(one);
    t.after(() => store.close());
    await assert.rejects(open(two), { code: 'STORE_LOCKED', message: new RegExp(`in use by .*, as ${one}`) });
    await store.insertEvent(anEvent(), ['billing']);
    await assert.rejects(open(two), { code: 'STORE_LOCKED' });
    assert.equal((await store.stats()).events, 1);
  });

  test('is free again by the other name once the receiver has closed', async (t) => {
    const [one, two] = await twoNames(t);
    const first = await open(one);
    await first.insertEvent(anEvent(), ['billing']);
    await first.close();
    const second = await open(two);
    t.after(() => second.close());
    assert.equal((await second.stats()).events, 1);
    await assert.rejects(open(one), { code: 'STORE_LOCKED', message: /as .*two\.db/ });
  });

  for (const folder of ['.', 'elsewhere']) {
    test(`is refused while the other name, in ${folder}, has a -wal left over`, async (t) => {
      const [one, two] = await twoNames(t, folder);
      // A -wal with an event, and the owner that it had, as a power cut leaves them behind.
      const store = await open(one);
      await store.insertEvent(anEvent(), ['billing']);
      copyFileSync(`${one}-wal`, `${one}-kept`);
      const shell = new DatabaseSync(one, { readOnly: true });
      const owner = shell.prepare('select path, identity from file_owner').get()!;
      shell.close();
      await store.close();
      const db = new DatabaseSync(one);
      db.prepare('insert into file_owner (path, identity) values (?, ?)').run(owner.path!, owner.identity!);
      db.close();
      renameSync(`${one}-kept`, `${one}-wal`);
      assert.ok(statSync(`${one}-wal`).size > 0);
      await assert.rejects(open(two), {
        code: 'STORE_LOCKED',
        message: /one\.db-wal is left over.*DB_PATH=\S*one\.db/,
      });
      assert.ok(existsSync(`${one}-wal`));
    });
  }
});

test('a shell that has the file open keeps no receiver from starting, even after a crash of the last one', async (t) => {
  const [one] = await twoNames(t);
  const shell = new DatabaseSync(one);
  t.after(() => shell.close());
  shell.prepare('select count(*) from events').get();
  const store = await open(one);
  await store.insertEvent(anEvent(), ['billing']);
  await store.close();
  const again = await open(one);
  await again.close();
});

test('a copy of a file in use is not in use', async (t) => {
  const [one] = await twoNames(t);
  const store = await open(one);
  t.after(() => store.close());
  const copy = `${one}-copy`;
  copyFileSync(one, copy);
  const shell = new DatabaseSync(copy);
  shell.prepare('select count(*) from events').get();
  const second = await open(copy);
  await second.close();
  shell.close();
});

test('a path that is a folder or a device ends the start, and leaves nothing beside it', async (t) => {
  const folder = await tempDir(t);
  for (const path of [folder, '/dev/null']) {
    const message = `${path} is not a file. DB_PATH takes the path of a file.`;
    await assert.rejects(open(path), { code: 'STORE_IO', message });
    assert.equal(existsSync(`${path}.lock`), false);
  }
});

test('a folder that cannot be made ends the start at once', async (t) => {
  for (const path of ['/proc/no/such/events.db', '/proc/self/none/events.db']) {
    await assert.rejects(open(path), { code: 'STORE_IO', message: /cannot create the database .*DB_PATH/ });
  }
  const file = join(await tempDir(t), 'file');
  writeFileSync(file, '');
  await assert.rejects(open(join(file, 'a', 'events.db')), { code: 'STORE_IO' });
});
