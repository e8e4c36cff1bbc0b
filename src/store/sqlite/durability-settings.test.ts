import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../../testkit/temp-dir.ts';
import { openWriter } from './connect.ts';
import { lockFile } from './file-lock.ts';

test('the writer syncs every commit: killing a process cannot show that, cutting the power would', async (t) => {
  const db = openWriter(join(await tempDir(t), 'events.db'));
  t.after(() => db.close());
  const pragma = (name: string) => Object.values(db.prepare(`pragma ${name}`).get()!)[0];
  const FULL = 2;
  const INCREMENTAL = 2;
  assert.equal(pragma('synchronous'), FULL);
  assert.equal(pragma('journal_mode'), 'wal');
  assert.equal(pragma('auto_vacuum'), INCREMENTAL);
});

test('the file that holds payloads is its owner’s alone', async (t) => {
  const path = join(await tempDir(t), 'below', 'events.db');
  const lock = lockFile(path);
  t.after(() => lock.release());
  const db = openWriter(path);
  t.after(() => db.close());
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    assert.equal((statSync(file).mode & 0o777).toString(8), '600', file);
  }
});
