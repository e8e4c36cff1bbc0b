import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../testkit/fake-clock.ts';
import { createSeededRandom } from '../testkit/seeded-random.ts';
import { tempDir } from '../testkit/temp-dir.ts';
import type { UserConfig } from './config/define-config.ts';
import { loadConfig } from './config/load.ts';
import { writeStartRow } from './start-row.ts';
import { toAuditEntry } from './store/audit-chain.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';

const SECRET = 'hunter2-hunter2-hunter2';

async function start(store: Store, userConfig: UserConfig, env: Record<string, string> = {}) {
  const config = await loadConfig({ env, cwd: '/nowhere', userConfig });
  await writeStartRow({ store, clock: createFakeClock(), random: createSeededRandom(1) }, config);
  const { actor, action, after } = toAuditEntry((await store.readAudit(0, 100)).at(-1)!);
  assert.deepEqual([actor.name, action], ['system', 'receiver.start']);
  return after!;
}

describe('the row of a start', () => {
  it('names what differs from the start before, and of a secret nothing else', async (t) => {
    const path = `${await tempDir(t)}/events.db`;
    const store = await openStore({
      path,
      databaseUrl: null,
      databaseDirectUrl: null,
      maxPendingDeliveries: 10,
    });
    t.after(() => store.close());
    const github = (secret: string): UserConfig => ({
      sources: { github: { provider: 'github', secret } },
      destinations: { b: { url: 'http://h/b' }, a: { url: 'http://h/a' } },
    });
    const first = await start(store, github(SECRET));
    assert.equal(first.changes, 0);
    assert.match(String(first.digest), /^[0-9a-f]{12}$/);
    assert.deepEqual(await start(store, github(SECRET)), first);
    const rotated = await start(store, github(`${SECRET}-3`));
    assert.equal(rotated.changed, 'changed sources.github.secrets[0]');
    assert.notEqual(rotated.digest, first.digest);
    const more = await start(
      store,
      { ...github(`${SECRET}-3`), tokens: { ann: { role: 'admin', token: SECRET } } },
      { QUEUE_MAXSIZE: '7' },
    );
    assert.equal(more.changed, 'added tokens.ann, changed QUEUE_MAXSIZE');
    assert.equal(
      (await start(store, github(`${SECRET}-3`), { QUEUE_MAXSIZE: '7' })).changed,
      'removed tokens.ann',
    );
    const reordered = (names: string): UserConfig => ({
      ...github(`${SECRET}-3`),
      destinations: Object.fromEntries([...names].map((name) => [name, { url: `http://h/${name}` }])),
    });
    const changedBy = async (names: string) =>
      (await start(store, reordered(names), { QUEUE_MAXSIZE: '7' })).changed;
    assert.equal(await changedBy('ab'), 'changed the order of destinations');
    assert.equal(await changedBy('ab'), undefined);
    assert.equal(await changedBy('bca'), 'added destinations.c');
    const kept = JSON.stringify([await store.readAudit(0, 100), [...(await store.readConfiguration())]]);
    assert.doesNotMatch(kept, /hunter2/);
  });
});
