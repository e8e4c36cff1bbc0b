import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { anAudit, anEvent } from '../../../testkit/builders.ts';
import { assertNeedles, needlesIn } from '../../../testkit/needles.ts';
import { createSeededRandom } from '../../../testkit/seeded-random.ts';
import { tellingInbox } from '../../../testkit/telling-inbox.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import type { Store } from '../store.ts';
import { openSqliteStore } from './open.ts';

const SEED = Number(process.env.TEST_SEED ?? 7);
const T1 = 1_800_000_000_000;

const open = (path: string) => openSqliteStore({ path, maxPendingDeliveries: 10_000 });
const erase = (store: Store, ids: readonly string[]) =>
  store.erase(ids, T1, anAudit({ action: 'event.erase' }));

function checkIntegrity(path: string): void {
  const db = new DatabaseSync(path, { readOnly: true });
  assert.deepEqual(db.prepare('pragma integrity_check').all(), [
    Object.assign(Object.create(null), { integrity_check: 'ok' }),
  ]);
  db.close();
}

test(`nothing of erased events is left in any file, and all of the others is (seed ${SEED})`, async (t) => {
  const { next: random } = createSeededRandom(SEED);
  const path = join(await tempDir(t), 'events.db');
  const store = await open(path);
  t.after(() => store.close());
  const events = await tellingInbox(store, 400, random);
  // Rows that retention deletes make others move.
  await store.purge(T1, 40, null);
  const views = await Promise.all(events.map(({ id }) => store.eventById(id)));
  const rest = events.filter((_, at) => views[at] !== null);
  const erased = rest.filter(() => random() < 0.3).toSorted(() => random() - 0.5);
  const kept = rest.filter((event) => !erased.includes(event));
  const files = [path, `${path}-wal`, `${path}-shm`];

  for (const some of [erased.slice(0, 5), erased.slice(5)]) {
    const { states } = await erase(
      store,
      some.map(({ id }) => id),
    );
    assert.deepEqual([...new Set(states)], ['erased']);
    assert.deepEqual(await store.removeTraces(), { kind: 'removed' });
    assert.equal(statSync(`${path}-wal`).size, 0);
  }
  const needlesOf = (some: typeof events) => some.flatMap(({ needles }) => needles);
  assertNeedles(needlesIn(files), needlesOf(kept), needlesOf(erased));
  checkIntegrity(path);

  // What goes on being written has nothing of it either: no page in memory is from before.
  await tellingInbox(store, 30, random);
  await store.purge(T1, 100, null);
  await store.close();
  assertNeedles(needlesIn(files), [], needlesOf(erased));
  checkIntegrity(path);
});

test('a reader that holds the -wal file is named, and the rest follows when it has ended', async (t) => {
  const folder = await tempDir(t);
  const path = join(folder, 'events.db');
  // SQLite has the -wal file beside the file that a link leads to.
  const link = join(folder, 'link.db');
  closeSync(openSync(path, 'a'));
  symlinkSync(path, link);
  const store = await open(link);
  t.after(() => store.close());
  const event = anEvent({ body: Buffer.from('<body-needle-0000001>') });
  await store.insertEvent(event, []);
  const script = `
    const { DatabaseSync } = require('node:sqlite');
    const db = new DatabaseSync(process.argv[1], { readOnly: true });
    db.exec('begin');
    db.prepare('select count(*) from events').get();
    console.log('reads');
    setInterval(() => {}, 1000);`;
  const reader = spawn(execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => reader.kill('SIGKILL'));
  await once(reader.stdout, 'data');

  await erase(store, [event.id]);
  const outcome = await store.removeTraces();
  assert.equal(outcome.kind, 'held');
  assert.match(
    outcome.kind === 'held' ? outcome.readers.join() : '',
    new RegExp(`^process ${reader.pid} \\(`),
  );
  assert.equal((await erase(store, [event.id])).states[0], 'erased_before');

  reader.kill('SIGKILL');
  await once(reader, 'exit');
  assert.deepEqual(await store.removeTraces(), { kind: 'removed' });
  assert.deepEqual([...needlesIn([path, `${path}-wal`])], []);
});

test('what the end of the process interrupts is done by the next one', async (t) => {
  const path = join(await tempDir(t), 'events.db');
  const store = await open(path);
  const event = anEvent({ body: Buffer.from('<body-needle-0000001>') });
  await store.insertEvent(event, []);
  await erase(store, [event.id]);
  await store.close();
  const again = await open(path);
  t.after(() => again.close());
  assert.deepEqual(await again.removeTraces(), { kind: 'removed' });
  const db = new DatabaseSync(path, { readOnly: true });
  t.after(() => db.close());
  assert.equal(db.prepare('select erases - cleaned as owed from erasure').get()!.owed, 0);
  assert.deepEqual([...needlesIn([path, `${path}-wal`])], []);
});
