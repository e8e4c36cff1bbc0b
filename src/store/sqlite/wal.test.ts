import assert from 'node:assert/strict';
import { closeSync, openSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { anEvent } from '../../../testkit/builders.ts';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { openSqliteStore } from './open.ts';
import { createWalWatch, WAL_KEPT_BYTES } from './wal.ts';

const MINUTE_MS = 60_000;

test('a -wal file that stays larger than the writer leaves it is reported, and that it no longer is', async (t) => {
  const databasePath = join(await tempDir(t), 'events.db');
  const wal = `${databasePath}-wal`;
  closeSync(openSync(wal, 'a'));
  const clock = createFakeClock();
  const held: [number, number][] = [];
  const watch = createWalWatch({ databasePath, clock, onHeld: (...report) => held.push(report) });
  await watch.start();
  t.after(() => watch.stop());

  truncateSync(wal, WAL_KEPT_BYTES);
  await clock.advance(10 * MINUTE_MS);
  assert.deepEqual(held, []);
  truncateSync(wal, WAL_KEPT_BYTES + 1);
  await clock.advance(MINUTE_MS);
  assert.deepEqual(held, []);
  await clock.advance(MINUTE_MS);
  assert.deepEqual(held.at(-1), [90_000, WAL_KEPT_BYTES + 1]);
  rmSync(wal);
  await clock.advance(10 * MINUTE_MS);
  assert.deepEqual(held.at(-1), [0, 0]);
  assert.equal(held.filter((report) => report[0] === 0).length, 1);
});

test('the size of the -wal file is part of the size of the database', async (t) => {
  const store = await openSqliteStore({
    path: join(await tempDir(t), 'events.db'),
    maxPendingDeliveries: 10,
  });
  t.after(() => store.close());
  await store.insertEvent(anEvent({ body: Buffer.alloc(500_000) }), ['billing']);
  const { walBytes, databaseBytes } = await store.stats();
  assert.ok(walBytes > 500_000, `${walBytes}`);
  assert.ok(databaseBytes > walBytes + 500_000, `${databaseBytes}`);
});
