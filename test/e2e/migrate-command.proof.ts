import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { signWebhook } from '../../src/verify/index.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startPostgres, type TestPostgres } from '../../testkit/postgres.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { acceptEvents, eventByKey, eventInStatus } from './support/client.ts';
import { startHeldDestination } from './support/destination.ts';
import { proofIn } from './support/migration.ts';
import { assertRefusal } from './support/refusal.ts';

const SECRET = 'the secret of the repository';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

describe('webhook-receiver migrate', () => {
  it('hands over to receivers: pending work, interrupted work, and what is known', async (t) => {
    const destination = await startHeldDestination(t);
    const folder = await receiverFolder(t, {
      config: `export default {
        sources: { default: {}, hub: { provider: 'github', secret: ${JSON.stringify(SECRET)}, replayWindowSeconds: 86_400 } },
        destinations: { out: { url: ${JSON.stringify(destination.url)}, concurrency: 2, retry: { baseDelaySeconds: 0.1 } } },
      };`,
    });
    const post = (url: string, newId: string) => {
      const body = Buffer.from('{"zen":"Keep it logically awesome."}');
      const to = {
        url: `${url}/webhooks/hub`,
        body,
        headers: [['X-GitHub-Event', 'push']] as [string, string][],
      };
      const signed = signWebhook({
        ...to,
        provider: 'github',
        secret: SECRET,
        nowMs: Date.now(),
        newId: () => newId,
      });
      // Names and values alternate.
      const headers = new Headers({ 'content-type': 'application/json' });
      for (let at = 0; at < signed.headers.length; at += 2) {
        headers.set(signed.headers[at]!, signed.headers[at + 1]!);
      }
      return fetch(signed.url, { method: 'POST', headers, body });
    };

    const first = await folder.start();
    const ids = await acceptEvents(
      first.url,
      ['one', 'two', 'three'].map((key) => ({ idempotency_key: key, event_type: 'a', payload: {} })),
    );
    const hub = await post(first.url, '00000000-0000-4000-8000-000000000001');
    assert.equal(hub.status, 202);
    const { id: hubId } = (await hub.json()) as { id: string };
    await eventually('two at work', () => destination.requests.length === 2);
    const to = await server.createDatabase();
    assertRefusal(
      await folder.run({}, { args: ['migrate', '--from', folder.databasePath, '--to', to] }),
      /^webhook-receiver: .*events\.db is in use by another webhook-receiver/,
    );
    await first.crash();
    const moved = await folder.run({ DATABASE_URL: to }, { args: ['migrate'] });
    assert.match(proofIn({ ...moved, stdout: `${moved.stdout}\n` }), /^events +target +4 /m);

    const second = await folder.start({ DATABASE_URL: to });
    const [known] = await acceptAgain(second.url, ['one']);
    assert.deepEqual(known, { status: 200, id: ids[0] });
    const again = await post(second.url, '00000000-0000-4000-8000-000000000002');
    assert.deepEqual([again.status, ((await again.json()) as { id: string }).id], [200, hubId]);
    destination.release();
    for (const key of ['one', 'two', 'three']) await eventInStatus(second.url, key, 'completed');
    const attempts = await Promise.all(
      ['one', 'two', 'three'].map(async (key) => (await eventByKey(second.url, key))!.attempts),
    );
    assert.equal(
      attempts.reduce((sum, count) => sum + count, 0),
      3 + 2,
      'the two that were at work were charged',
    );
    await second.stop();
  });

  it('tells what it was given wrong', async (t) => {
    const folder = await receiverFolder(t);
    assertRefusal(
      await folder.run({ DB_PATH: '' }, { args: ['migrate', '--to', 'postgres://a/b'] }),
      /^webhook-receiver: --from takes the SQLite file/,
    );
    assertRefusal(
      await folder.run({}, { args: ['migrate', '--from', 'a.db', '--to', 'http://a'] }),
      /^webhook-receiver: --to takes a URL such as postgres:/,
    );
    assertRefusal(
      await folder.run({}, { args: ['migrate', '--from', 'a.db', '--to', 'postgres://a/b'] }),
      /^webhook-receiver: there is no database at a\.db: check --from/,
    );
  });
});

async function acceptAgain(url: string, keys: readonly string[]) {
  return Promise.all(
    keys.map(async (key) => {
      const answer = await fetch(`${url}/webhooks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ idempotency_key: key, event_type: 'a', payload: {} }),
      });
      return { status: answer.status, id: ((await answer.json()) as { id: string }).id };
    }),
  );
}
