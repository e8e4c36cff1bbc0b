import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { acceptEvents, anEnvelope, eventInStatus, get } from './support/client.ts';
import { assertRefusal } from './support/refusal.ts';

const CONFIG = 'export default { destinations: { quick: { handler: () => {} } } };';

describe('a second process on the same database file', () => {
  const roads: Record<string, (folder: string, file: string) => Promise<string> | string> = {
    'by the same path': (_folder, file) => file,
    'by a relative path with detours': (_folder, file) => `./other/../${basename(file)}`,
    'through a symbolic link to the file': async (folder, file) => {
      await symlink(file, join(folder, 'link.db'));
      return join(folder, 'link.db');
    },
    'through a symbolic link to the folder': async (folder, file) => {
      await symlink(folder, join(folder, 'here'));
      return join(folder, 'here', basename(file));
    },
  };
  it('is refused with a message that names the path, by whatever road it comes', async (t) => {
    const { folder, first } = await startFirst(t);
    await mkdir(join(folder.path, 'other'));
    for (const [road, pathTo] of Object.entries(roads)) {
      const path = await pathTo(folder.path, folder.databasePath);
      const refused = await folder.run({ DB_PATH: path });
      assertRefusal(refused, /in use by another webhook-receiver/, road);
      assert.ok(refused.stderr.includes(basename(path)), road);
    }
    await acceptEvents(first.url, [anEnvelope('undisturbed')]);
    await eventInStatus(first.url, 'undisturbed', 'completed');
    assert.equal((await get(first.url, '/ready')).status, 200);
    assert.equal((await first.stop()).code, 0);
  });

  it('starts at once when the first one was killed: no lock is left behind', async (t) => {
    const { folder, first } = await startFirst(t);
    await acceptEvents(first.url, [anEnvelope('of-the-first')]);
    await first.crash();
    const second = await folder.start();
    await eventInStatus(second.url, 'of-the-first', 'completed');
  });
});

async function startFirst(t: TestContext) {
  const folder = await receiverFolder(t, { config: CONFIG, env: { RETRY_BASE_DELAY: '0' } });
  return { folder, first: await folder.start() };
}
