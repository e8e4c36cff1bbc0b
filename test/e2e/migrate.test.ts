import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { signWebhook } from '../../src/verify/index.ts';
import { anAttempt, anEvent } from '../../testkit/builders.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startPostgres, type TestPostgres } from '../../testkit/postgres.ts';
import { PROGRAM, receiverFolder } from '../../testkit/receiver-process.ts';
import { tempDir } from '../../testkit/temp-dir.ts';
import { acceptEvents, eventByKey, eventInStatus } from './support/client.ts';
import { startHeldDestination } from './support/destination.ts';
import { assertRefusal } from './support/refusal.ts';
import { withStore } from './support/stored.ts';

const SECRET = 'the secret of the repository';
const EVENTS = 12_000;

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

type Ended = Readonly<{ code: number | null; stdout: string; stderr: string }>;

/** Starts the command; it may be killed. */
function migrate(from: string, to: string) {
  const args = ['--conditions=source', PROGRAM, 'migrate', '--from', from, '--to', to];
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH ?? '' } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]): Ended => ({ code, stdout, stderr }));
  return { ended, kill: () => void child.kill('SIGKILL') };
}

/** The proof as it is printed: all lines but the last, which tells of the time. */
function proofIn({ code, stdout, stderr }: Ended): string {
  assert.equal(code, 0, stderr);
  const [proof, summary] = stdout.split('\n\n');
  assert.match(summary!, /^Source and target are equal\. Moved in \S+ s, proved in \S+ s\.\n$/);
  return proof!;
}

async function fillMany(t: TestContext): Promise<string> {
  const path = `${await tempDir(t)}/events.db`;
  await withStore(path, async (store) => {
    const insert = () => store.insertEvent(anEvent(), ['billing']);
    await Promise.all(Array.from({ length: EVENTS }, insert));
    const limits = [{ destination: 'billing', limit: EVENTS - 500 }];
    const { leased } = await store.claim({ limits, token: 'token', nowMs: Date.now(), leaseUntilMs: 1 });
    const settle = (at: number) =>
      store.settle(leased[at]!.lease, { kind: 'completed' }, anAttempt(), Date.now());
    await Promise.all(leased.slice(500).map((_, at) => settle(at)));
  });
  return path;
}

describe('webhook-receiver migrate', () => {
  it('is killed anywhere, goes on, and ends as if nothing had been', { timeout: 120_000 }, async (t) => {
    const from = await fillMany(t);
    const undisturbed = proofIn(await migrate(from, await server.createDatabase()).ended);
    const to = await server.createDatabase();
    const client = new pg.Client({ connectionString: to });
    await client.connect();
    t.after(() => client.end());

    /** Until it is so far: a part, and the rows of it that are there. */
    const isAt = async (part: string | null, least: number) => {
      const { rows: tables } = await client.query(`select to_regclass('inbox_import') as there`);
      if (tables[0].there === null) return false;
      const { rows } = await client.query('select part, moved::integer from inbox_import');
      return rows.length > 0 && (part === null || (rows[0].part === part && rows[0].moved >= least));
    };
    const points = [
      [null, 0],
      ['events', 1],
      ['events', EVENTS / 2],
      ['deliveries', 1],
      ['deliveries', EVENTS / 2],
      ['attempts', 1],
    ] as const;
    for (const [part, least] of points) {
      const running = migrate(from, to);
      await eventually(`${part} ${least}`, () => isAt(part, least));
      running.kill();
      assert.equal((await running.ended).code, null, 'it was still at work');
    }
    // And while it proves.
    const running = migrate(from, to);
    await eventually('all attempts', () => isAt('attempts', EVENTS - 1_000));
    await pause(200);
    running.kill();
    await running.ended;

    assert.equal(proofIn(await migrate(from, to).ended), undisturbed);
    const { code, stdout } = await migrate(from, to).ended;
    assert.equal(code, 0);
    assert.ok(
      stdout.startsWith(undisturbed) && /Nothing to do: it was moved and proved at/.test(stdout),
      stdout,
    );
  });

  it('hands over to receivers: pending work, interrupted work, and what is known', async (t) => {
    const destination = await startHeldDestination(t);
    const folder = await receiverFolder(t, {
      config: `export default {
        sources: { hub: { provider: 'github', secret: ${JSON.stringify(SECRET)} } },
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
      // Names and values by turns.
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
