import assert from 'node:assert/strict';
import { it } from 'node:test';
import { env } from './env.ts';
import { watchedFiles } from './watched-files.ts';

it('are the config file, wherever it may be, and the files with secrets', (t) => {
  assert.deepEqual(watchedFiles({}, '/a'), [
    '/a/webhooks.config.ts',
    '/a/webhooks.config.js',
    '/a/webhooks.config.mjs',
    '/a/webhooks.config.json',
  ]);
  const settings = {
    CONFIG: 'b/c.ts',
    ADMIN_TOKEN_FILE: '/run/token',
    PORT_FILE: '/run/port',
    QUEUE_URL_FILE: '',
  };
  assert.deepEqual(watchedFiles(settings, '/a'), ['/a/b/c.ts', '/run/token']);

  process.env.WATCHED_TEST_FILE = '/run/watched';
  t.after(() => delete process.env.WATCHED_TEST_FILE);
  env('WATCHED_TEST');
  assert.deepEqual(
    watchedFiles({ CONFIG: '/a/c.ts' }, '/a'),
    ['/a/c.ts', '/run/watched'],
    'also one that is absent',
  );
});
