import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
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

/** A volume as Kubernetes mounts it: a new version is a folder of its own, and one link to it is replaced. */
async function replaceVolume(path: string, version: number, files: Readonly<Record<string, string>>) {
  const at = (name: string) => join(path, name);
  await mkdir(at(`..v${version}`), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(at(`..v${version}/${name}`), text);
  await symlink(`..v${version}`, at('..data_tmp'));
  await rename(at('..data_tmp'), at('..data'));
  if (version > 1) await rm(at(`..v${version - 1}`), { recursive: true });
  else for (const name of Object.keys(files)) await symlink(`..data/${name}`, at(name));
}

it('watches the files that it reads, in the volumes of Kubernetes too', async (t) => {
  const folder = await receiverFolder(t);
  const at = (name: string) => join(folder.path, name);
  const config = configWith("env('GITEA')");
  await replaceVolume(at('config'), 1, { 'webhooks.config.mjs': config });
  await replaceVolume(at('secrets'), 1, { gitea: 'first\n' });
  const env = { CONFIG: 'config/webhooks.config.mjs', GITEA_FILE: 'secrets/gitea' };
  const receiver = await folder.start(env, ['serve', '--watch']);
  // What `env` reads is watched once it is known, which may give an order without a change before.
  const changed = (change: string) =>
    receiver.logLine(({ changes }) => Array.isArray(changes) && changes.includes(change));
  for (const version of [2, 3]) {
    await replaceVolume(at('secrets'), version, { gitea: `secret ${version}\n` });
    const line = await changed('changed sources.gitea.secrets[0]');
    assert.equal(line.by, 'watch');
    const destination = `b${version}`;
    const next = config.replace('{ a:', `{ ${destination}:`);
    await replaceVolume(at('config'), version, { 'webhooks.config.mjs': next });
    await changed(`added destinations.${destination}`);
  }
  const { stdout } = await receiver.stop();
  assert.doesNotMatch(stdout, /ENOENT/);
});
