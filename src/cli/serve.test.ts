import assert from 'node:assert/strict';
import { rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { type ReceiverFolder, receiverFolder } from '../../testkit/receiver-process.ts';

const TOKEN = 'hunter2hunter2hunter2';

const configWith = (secret: string) => `
  import { env } from 'webhook-receiver';
  export default { sources: { gitea: { provider: 'gitea', secret: ${secret} } }, destinations: { a: { url: 'http://127.0.0.1:9/' } } };
`;

const reloadCommand = (folder: ReceiverFolder, url: string) =>
  folder.run({ ADMIN_TOKEN: TOKEN }, { args: ['reload', '--url', url] });

it('reads the configuration again on SIGHUP, and drains on SIGTERM after it', async (t) => {
  const folder = await receiverFolder(t, { config: configWith("'first'") });
  const receiver = await folder.start();
  await writeFile(join(folder.path, 'webhooks.config.mjs'), configWith("'second'"));
  receiver.kill('SIGHUP');
  const line = await receiver.logLine(({ type }) => type === 'config.in_effect');
  assert.deepEqual([line.by, line.changes], ['SIGHUP', ['changed sources.gitea.secrets[0]']]);
  const { code, stdout } = await receiver.stop();
  assert.equal(code, 0);
  assert.match(stdout, /"msg":"stopped"/);
  assert.doesNotMatch(stdout, /"second"/);
});

it('is told what is in effect, or the mistakes of a start, by `reload`', async (t) => {
  const folder = await receiverFolder(t, { config: configWith("'first'"), env: { ADMIN_TOKEN: TOKEN } });
  const receiver = await folder.start();
  await writeFile(join(folder.path, 'webhooks.config.mjs'), configWith("'second'"));
  const told = await reloadCommand(folder, receiver.url);
  assert.match(told.stdout, /^in effect:\n {2}- changed sources\.gitea\.secrets\[0\]\ndigest [0-9a-f]{12}$/);

  await writeFile(join(folder.path, 'webhooks.config.mjs'), configWith("env('NOT_SET')"));
  const refused = await reloadCommand(folder, receiver.url);
  const start = await folder.run({ ADMIN_TOKEN: TOKEN, DB_PATH: join(folder.path, 'other.db') });
  assert.deepEqual([refused.code, start.code], [1, 1]);
  assert.match(refused.stderr, /sources\.gitea\.secret: got env\("NOT_SET"\), which is not set/);
  assert.equal(refused.stderr, start.stderr);
});

it('watches the files that it reads, through the links of Kubernetes too', async (t) => {
  const folder = await receiverFolder(t, { config: configWith("env('GITEA')") });
  const at = (name: string) => join(folder.path, name);
  await writeFile(at('v1'), 'first\n');
  await writeFile(at('v2'), 'second\n');
  await symlink('v1', at('..data'));
  await symlink('..data', at('gitea'));
  const receiver = await folder.start({ GITEA_FILE: 'gitea' }, ['serve', '--watch']);
  await symlink('v2', at('..data_tmp'));
  await rename(at('..data_tmp'), at('..data'));
  // What `env` reads is watched once it is known, which may give an order without a change before.
  const line = await receiver.logLine(({ changes }) => Array.isArray(changes) && changes.length > 0);
  assert.deepEqual([line.by, line.changes], ['watch', ['changed sources.gitea.secrets[0]']]);
  await receiver.stop();
});

it('says by name what a reload cannot change', async (t) => {
  const handler = "import './below.mjs'; export default () => {};";
  const config = `
    import { limit } from './limit.mjs';
    export default { destinations: { a: { handler: './handler.mjs', concurrency: limit } } };
  `;
  const folder = await receiverFolder(t, { config, env: { ADMIN_TOKEN: TOKEN } });
  const at = (name: string) => join(folder.path, name);
  await writeFile(at('limit.mjs'), 'export const limit = 3;');
  await writeFile(at('handler.mjs'), handler);
  await writeFile(at('below.mjs'), '');
  await writeFile(at('queue'), 'redis://127.0.0.1:1');
  const receiver = await folder.start({ QUEUE_URL_FILE: 'queue' });
  await writeFile(at('queue'), 'redis://127.0.0.1:2');
  await writeFile(at('below.mjs'), 'export {};');
  await writeFile(at('limit.mjs'), 'export const limit = 4;');
  const { stdout } = await reloadCommand(folder, receiver.url);
  assert.deepEqual(stdout.split('\n').slice(0, -1), [
    'nothing has changed',
    'takes effect with a restart:',
    '  - QUEUE_URL',
    `  - ${at('below.mjs')}`,
    `  - ${at('limit.mjs')}`,
  ]);
  await receiver.stop();
});
