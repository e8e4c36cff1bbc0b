import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyDatabase, createTempDir } from './temp.ts';

test('a copy takes nothing over from what was there', async () => {
  const dir = createTempDir('test');
  const [from, to] = [join(dir.path, 'from.db'), join(dir.path, 'to.db')];
  writeFileSync(from, 'new');
  for (const suffix of ['', '-wal', '-shm']) writeFileSync(to + suffix, 'old');
  copyDatabase(from, to);
  assert.equal(readFileSync(to, 'utf8'), 'new');
  assert.equal(existsSync(`${to}-wal`), false);
  assert.equal(existsSync(`${to}-shm`), false);
  await dir.remove();
  assert.equal(existsSync(dir.path), false);
});

test('a log that belongs to the database is copied with it', async () => {
  const dir = createTempDir('test');
  const [from, to] = [join(dir.path, 'from.db'), join(dir.path, 'to.db')];
  writeFileSync(from, 'pages');
  writeFileSync(`${from}-wal`, 'log');
  copyDatabase(from, to);
  assert.equal(readFileSync(`${to}-wal`, 'utf8'), 'log');
  await dir.remove();
});
