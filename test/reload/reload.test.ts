import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { describe, it } from 'node:test';
import type { UserConfig, UserHandler } from '../../src/config/define-config.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startReceiver } from '../../testkit/receiver.ts';
import { postSigned, signedHeaders, startReloadable } from './reloadable.ts';

/** Handlers that write down whose event they got. */
function recorder() {
  const got: string[] = [];
  const into = (name: string): { handler: UserHandler } => ({
    handler: (event) => void got.push(`${name} ${event.idempotencyKey}`),
  });
  return { got, into };
}

/** Waits for these, in this order, and for no other. */
async function untilGot(got: readonly string[], ...expected: string[]): Promise<void> {
  await eventually(
    `the handlers got ${expected}`,
    () => got.length >= expected.length,
    () => got.length,
  );
  assert.deepEqual(got, expected);
}

const github = (secrets: string[], reply: string) => ({
  provider: 'github' as const,
  secrets,
  replayWindowSeconds: 0,
  reply: { status: 200, body: reply },
});

const first = (into: ReturnType<typeof recorder>['into']): UserConfig => ({
  sources: { github: github(['old'], 'first') },
  destinations: { a: into('a') },
});
const second = (into: ReturnType<typeof recorder>['into']): UserConfig => ({
  sources: { github: github(['new'], 'second') },
  destinations: { b: into('b') },
});

describe('a reload', () => {
  it('swaps secrets, routes and answers in one step', async (t) => {
    const { got, into } = recorder();
    const { url, reload } = await startReloadable(t, first(into));
    assert.equal(await (await postSigned(url, 'old', '1')).text(), 'first');
    const outcome = await reload(second(into));
    assert.deepEqual(outcome.kind === 'applied' && [outcome.changes, outcome.needsRestart], [
      [
        'added destinations.b',
        'changed sources.github.reply.body',
        'changed sources.github.secrets[0]',
        'removed destinations.a',
      ],
      [],
    ]);
    assert.equal((await postSigned(url, 'old', '2')).status, 401);
    assert.equal(await (await postSigned(url, 'new', '3')).text(), 'second');
    await untilGot(got, 'a 1', 'b 3');
  });

  it('lets a request that has begun end under the configuration of its beginning', async (t) => {
    const { got, into } = recorder();
    const { url, reload } = await startReloadable(t, first(into));
    const body = '{"key":"slow"}';
    const headers = Object.entries(signedHeaders('old', 'slow', body)).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const socket = createConnection(Number(new URL(url).port), '127.0.0.1');
    const answer = new Promise<string>((resolve) => socket.on('data', (data) => resolve(String(data))));
    socket.write(
      `POST /webhooks/github HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: ${body.length}\r\n${headers.join('')}\r\n`,
    );
    assert.match(await answer, /^HTTP\/1\.1 100/, 'the request is at work');
    await reload(second(into));
    const final = new Promise<string>((resolve) => socket.on('data', (data) => resolve(String(data))));
    socket.write(body);
    assert.match(await final, /^HTTP\/1\.1 200[\s\S]*first/);
    assert.equal((await postSigned(url, 'new', 'later')).status, 200);
    await untilGot(got, 'b later');
    await reload(first(into));
    // Its delivery for a waits until a is configured again.
    await untilGot(got, 'b later', 'a slow');
  });

  it('changes nothing for a mistake, and answers as a start does', async (t) => {
    const { into } = recorder();
    const { url, askReload, admin, metrics } = await startReloadable(t, first(into));
    const wrong = {
      ...second(into),
      destinations: { b: { ...into('b'), concurency: 1 }, c: { handler: './absent.mjs' } },
    } as unknown as UserConfig;
    const { status, body } = await askReload(wrong);
    assert.deepEqual([status, body.code], [422, 'config_invalid']);
    assert.match(
      String(body.detail),
      /^The configuration has 2 mistakes:\n {2}- destinations\.b\.concurency: not a known key, the nearest is concurrency\n {2}- destinations\.c\.handler: got ".\/absent.mjs"/,
    );
    assert.equal((await postSigned(url, 'old', '1')).status, 200);
    assert.equal((await postSigned(url, 'new', '2')).status, 401);
    assert.match(await metrics(), /webhook_config_reloads_total\{result="rejected"\} 1/);
    const { audit: rows } = (await (await admin('/audit?action=config.reload')).json()) as {
      audit: { after: object }[];
    };
    assert.deepEqual(
      rows.map(({ after }) => after),
      [{ refused: 'config_invalid' }],
    );
  });

  it('is in the audit with names before and after it takes effect, and not without a change', async (t) => {
    const { into } = recorder();
    const { askReload, admin, metrics } = await startReloadable(t, first(into));
    const digestOf = async () => /webhook_config_info\{digest="(\w+)"\} 1/.exec(await metrics())?.[1];
    const before = await digestOf();
    const same = await askReload(first(into));
    assert.deepEqual([same.body.changes, same.body.digest], [[], before]);
    const { body } = await askReload({
      ...second(into),
      tokens: { ann: { role: 'viewer', token: 'the token of ann, secret'.replaceAll(' ', '-') } },
    });
    assert.notEqual(body.digest, before);
    assert.equal(await digestOf(), body.digest);
    const audit = await (await admin('/audit?action=config.reload')).text();
    const { audit: rows } = JSON.parse(audit) as {
      audit: { actor: string; target: string; after: Record<string, string> }[];
    };
    assert.deepEqual(
      rows.map(({ actor, target, after }) => [actor, target, after.outcome, after.digest]),
      ['applied', 'attempted'].map((outcome) => ['admin', 'configuration', outcome, body.digest]),
    );
    assert.match(rows[1]!.after.changes!, /added tokens\.ann.*changed sources\.github\.secrets\[0\]/);
    assert.doesNotMatch(audit, /the-token-of-ann|"new"|"old"/);
  });

  it('lets tokens take effect, also the first one, and forgets removed ones', async (t) => {
    const { into } = recorder();
    const { url, admin, reload } = await startReloadable(t, first(into), { ADMIN_TOKEN: '' });
    const ann = 'the-token-of-ann-of-the-test';
    const status = async () => (await admin('/dead-letters', 'GET', ann)).status;
    assert.equal(await status(), 404, 'closed');
    await reload({ ...first(into), tokens: { ann: { role: 'viewer', token: ann } } });
    assert.equal(await status(), 200);
    assert.equal((await admin('/reload', 'POST', ann)).status, 403);
    await reload(first(into));
    assert.equal(await status(), 404);
    assert.equal((await fetch(`${url}/health`)).status, 200);
  });

  it('gives new names their series at once', async (t) => {
    const { into } = recorder();
    const { reload, metrics } = await startReloadable(t, first(into));
    assert.doesNotMatch(await metrics(), /destination="b"/);
    await reload(second(into));
    const text = await metrics();
    for (const series of [
      'webhook_dead_letters_total{destination="b"} 0',
      'webhook_deliveries{destination="b",status="pending"} 0',
    ]) {
      assert.ok(text.includes(series), series);
    }
  });

  it('is carried out after the one before', async (t) => {
    const { into } = recorder();
    const { url, reload } = await startReloadable(t, first(into));
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, at) => reload(at % 2 === 0 ? second(into) : first(into))),
    );
    assert.ok(outcomes.every(({ kind }) => kind === 'applied'));
    assert.equal((await postSigned(url, 'old', '1')).status, 200);
  });

  it('of a receiver inside another program is answered 409', async (t) => {
    const token = 'an-admin-of-the-library';
    const { url } = await startReceiver(t, { env: { ADMIN_TOKEN: token } });
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}/admin/reload`, { method: 'POST', headers });
    assert.deepEqual(
      [answer.status, ((await answer.json()) as { code: string }).code],
      [409, 'not_reloadable'],
    );
  });
});
