import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from './temp-dir.ts';
import { canReach, linkTree } from './unprivileged-account.ts';

const NOBODY = { uid: 65_534, gid: 65_534 };

test('a file is out of reach when any folder on the way to it is closed', async (t) => {
  const folder = await tempDir(t);
  mkdirSync(join(folder, 'open/deep'), { recursive: true });
  chmodSync(folder, 0o711);
  assert.equal(canReach(NOBODY, join(folder, 'open/deep/file')), true);
  chmodSync(folder, 0o700);
  assert.equal(canReach(NOBODY, join(folder, 'open/deep/file')), false);
  assert.equal(
    canReach({ uid: process.getuid!(), gid: process.getgid!() }, join(folder, 'open/deep/file')),
    true,
  );
});

test('a tree is copied with its folders and symbolic links', async (t) => {
  const folder = await tempDir(t);
  mkdirSync(join(folder, 'from/deep'), { recursive: true });
  writeFileSync(join(folder, 'from/deep/file'), 'text');
  writeFileSync(join(folder, 'from/private'), 'text', { mode: 0o600 });
  symlinkSync('deep/file', join(folder, 'from/link'));
  linkTree(join(folder, 'from'), join(folder, 'to'));
  assert.equal(readFileSync(join(folder, 'to/link'), 'utf8'), 'text');
  assert.equal(statSync(join(folder, 'to/private')).mode & 0o777, 0o644);
  assert.equal(statSync(join(folder, 'from/private')).mode & 0o777, 0o600);
  assert.equal(readlinkSync(join(folder, 'to/link')), 'deep/file');
});
