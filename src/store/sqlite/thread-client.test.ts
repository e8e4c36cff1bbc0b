import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { openSqliteStore } from './open.ts';

/** Longer than a thread takes to start, fail and end. */
const BUSY_MS = 1500;

it('a database that cannot be opened is told once, however late the reply is read', async (t) => {
  const path = join(await tempDir(t), 'events.db');
  await writeFile(path, Buffer.alloc(20_000, 'not a database '));
  const deaths: Error[] = [];
  const opening = openSqliteStore({
    path,
    maxPendingDeliveries: 10,
    observer: { onFatal: (error) => deaths.push(error) },
  });
  // The thread's reply and its end wait together for an event loop that is busy.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS);
  await assert.rejects(opening, { code: 'STORE_CORRUPT' });
  assert.deepEqual(deaths, []);
});
