import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findOnPath, skipWithout } from './on-path.ts';

test('what is installed is found, and nothing skipped for it', () => {
  assert.ok(findOnPath('sh') !== null);
  assert.equal(skipWithout('sh'), false);
});

test('what is not installed is named, and with CI_NO_SKIP=1 not passed over', (t) => {
  const before = process.env.CI_NO_SKIP;
  t.after(() => {
    if (before === undefined) delete process.env.CI_NO_SKIP;
    else process.env.CI_NO_SKIP = before;
  });
  delete process.env.CI_NO_SKIP;
  assert.match(String(skipWithout('no-such-program')), /no-such-program is not on the PATH/);
  process.env.CI_NO_SKIP = '1';
  assert.equal(skipWithout('no-such-program'), false);
});
