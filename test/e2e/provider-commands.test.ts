import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { verifyWebhook } from '../../src/verify/index.ts';
import { PROVIDERS } from '../../src/verify/providers/index.ts';
import { receiverFolder } from '../../testkit/receiver-process.ts';
import { fakeAdmin } from './support/fake-admin.ts';
import { assertRefusal } from './support/refusal.ts';

describe('webhook-receiver providers', () => {
  it('lists all of them with what each needs', async (t) => {
    const folder = await receiverFolder(t);
    const { code, stdout } = await folder.run({}, { args: ['providers'] });
    assert.equal(code, 0);
    const lines = stdout.split('\n');
    assert.match(lines[0]!, /^ID +NAME +VERIFIED BY +NEEDS$/);
    assert.equal(lines.length, PROVIDERS.length + 1);
    assert.match(stdout, /^github +GitHub +HMAC-SHA256 +secret$/m);
  });

  it('shows one in full, by any of its names, or as JSON', async (t) => {
    const folder = await receiverFolder(t);
    const { stdout } = await folder.run({}, { args: ['providers', 'STRIPE'] });
    assert.match(stdout, /^Stripe \(provider: 'stripe'\)\n\nVerified:\n {2}HMAC-SHA256 of \{ts\}\.\{body\}/);
    const json = await folder.run({}, { args: ['providers', 'stripe', '--json'] });
    assert.equal(JSON.parse(json.stdout).id, 'stripe');
    const all = await folder.run({}, { args: ['providers', '--json'] });
    assert.equal(JSON.parse(all.stdout).length, PROVIDERS.length);
  });

  it('ends quietly when nobody reads on', async (t) => {
    const folder = await receiverFolder(t);
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const node = [process.execPath, '--conditions=source', main].map((word) => `'${word}'`).join(' ');
    const script = `(${node} providers --json; echo "status $?" >&2) | head -c 20`;
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', script], { cwd: folder.path });
    assert.equal(stdout.length, 20);
    assert.equal(stderr, 'status 0\n');
  });

  it('names the nearest of one that is not known', async (t) => {
    const folder = await receiverFolder(t);
    assertRefusal(
      await folder.run({}, { args: ['providers', 'strype'] }),
      /no provider "strype".*nearest is stripe/,
    );
  });
});

describe('webhook-receiver send', () => {
  const SECRET = 'whsec_hunter2hunter2';

  it('posts what the provider would, and prints it without the secret', async (t) => {
    const receiver = await fakeAdmin(t, { 'POST /webhooks/stripe': [200, { ok: true }] });
    const folder = await receiverFolder(t);
    const args = ['send', '--provider', 'stripe', '--event', 'invoice.paid', '--secret', SECRET];
    const { code, stdout, stderr } = await folder.run({ PORT: receiver.port }, { args });
    assert.equal(code, 0, stderr);
    const { headers, body } = receiver.last();
    assert.match(stdout, new RegExp(`^POST ${receiver.url}/webhooks/stripe\n`));
    assert.match(stdout, /^stripe-signature: t=\d+,v1=[0-9a-f]{64}$/im);
    assert.match(stdout, /\n200 OK\n[\s\S]*\{"ok":true\}/);
    assert.doesNotMatch(stdout, /hunter2/);
    const verified = await verifyWebhook({
      ...{ provider: 'stripe', secret: SECRET, method: 'POST', url: `${receiver.url}/webhooks/stripe` },
      ...{ headers: headers as Record<string, string>, body: Buffer.from(body) },
      now: Number(/t=(\d+)/.exec(String(headers['stripe-signature']))![1]) * 1000,
    });
    assert.ok(verified.ok);
    assert.equal(verified.eventType, 'invoice.paid');
  });

  it('takes the secret from the environment, and a body from a file', async (t) => {
    const receiver = await fakeAdmin(t, { 'POST /in': [202, {}] });
    const folder = await receiverFolder(t);
    await writeFile(join(folder.path, 'body.json'), '{"id":"evt_1","type":"a"}');
    const common = ['send', '--provider', 'stripe', '--body', 'body.json', '--url', `${receiver.url}/in`];
    for (const [env, more] of [
      [{ WEBHOOK_SECRET: SECRET }, []],
      [{ MY_SECRET: SECRET }, ['--secret-env', 'MY_SECRET']],
    ] as const) {
      const { code, stderr } = await folder.run(env, { args: [...common, ...more] });
      assert.equal(code, 0, stderr);
      assert.equal(receiver.last().body, '{"id":"evt_1","type":"a"}');
    }
    assertRefusal(
      await folder.run({}, { args: [...common, '--secret-env', 'MY_SECRET'] }),
      /MY_SECRET, which is not set/,
    );
  });

  it('hides a secret that travels as it is', async (t) => {
    const receiver = await fakeAdmin(t, { 'POST /webhooks/gitlab': [202, {}] });
    const folder = await receiverFolder(t);
    const { code, stdout, stderr } = await folder.run(
      { PORT: receiver.port, WEBHOOK_SECRET: 'hunter2' },
      { args: ['send', '--provider', 'gitlab'] },
    );
    assert.equal(code, 0, stderr);
    assert.equal(receiver.last().headers['x-gitlab-token'], 'hunter2');
    assert.match(stdout, /^x-gitlab-token: \(redacted\)$/im);
    assert.doesNotMatch(stdout, /hunter2/);
  });

  it('sends several, each with an id of its own, and ends with status 1 unless all are taken', async (t) => {
    const receiver = await fakeAdmin(t, { 'POST /webhooks/github': [401, { detail: 'no' }] });
    const folder = await receiverFolder(t);
    const env = { PORT: receiver.port, WEBHOOK_SECRET: 'x' };
    const { code, stdout } = await folder.run(env, {
      args: ['send', '--provider', 'github', '--times', '2'],
    });
    assert.equal(code, 1);
    assert.equal(receiver.asked.length, 2);
    const ids = [...stdout.matchAll(/^x-github-delivery: (.+)$/gim)].map(([, id]) => id);
    assert.equal(new Set(ids).size, 2);
  });

  it('signs the public URL and posts to another', async (t) => {
    const receiver = await fakeAdmin(t, { 'POST /webhooks/square': [200, {}] });
    const folder = await receiverFolder(t);
    const publicUrl = 'https://hooks.example.com/in/square';
    const { code, stderr } = await folder.run(
      { PORT: receiver.port, WEBHOOK_SECRET: 'x' },
      { args: ['send', '--provider', 'square', '--public-url', publicUrl] },
    );
    assert.equal(code, 0, stderr);
    const { headers, body } = receiver.last();
    const verified = await verifyWebhook({
      ...{ provider: 'square', secret: 'x', method: 'POST', url: publicUrl, now: 0 },
      ...{ headers: headers as Record<string, string>, body: Buffer.from(body) },
    });
    assert.ok(verified.ok);
  });

  it('tells what is missing', async (t) => {
    const folder = await receiverFolder(t);
    const send = (...args: string[]) => folder.run({ PORT: '1' }, { args: ['send', ...args] });
    assertRefusal(await send('--provider', 'githup'), /nearest is github/);
    const alone = await send('--provider', 'github', '--secret', 'x');
    assert.equal(alone.code, 1);
    assert.match(alone.stderr, /^webhook-receiver: nothing answers at http:\/\/127\.0\.0\.1:1 \(.*--url$/);
    assertRefusal(
      await send('--provider', 'github', '--secret', 'x', '--times', '0'),
      /--times takes a whole number/,
    );
    assertRefusal(await folder.run({}, { args: ['sned'] }), /no command "sned": the nearest is send/);
    assertRefusal(await send('--provider', 'github', '--secret', 'x', '--url', 'here'), /--url takes a URL/);
    assertRefusal(
      await send('--provider', 'github', '--secret', 'x', '--param', 'x'),
      /--param takes name=value/,
    );
    assertRefusal(
      await send('--provider', 'github', '--secret', 'x', '--body', 'none'),
      /none cannot be read/,
    );
    assertRefusal(
      await send('--provider', 'github'),
      /secret.*--secret or --secret-env, or set WEBHOOK_SECRET/,
    );
    assertRefusal(await send('--provider', 'asana'), /Asana signs with a secret/);
    assertRefusal(await send('--provider', 'telnyx'), /private key: give --private-key/);
    assertRefusal(
      await send('--provider', 'airtable', '--secret', Buffer.alloc(32).toString('base64'), '--event', 'x.y'),
      /the sample of Airtable cannot have the type "x\.y": give --body/,
    );
    assertRefusal(
      await send('--provider', 'github', '--secret', 'x', '--event', 'a\r\nX-Evil: 1'),
      /--event is sent in the header X-GitHub-Event, which takes no line ends/,
    );
  });
});
