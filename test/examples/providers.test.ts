import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import test, { type TestContext } from 'node:test';
import { sign as signAsGithub } from '@octokit/webhooks-methods';
import Stripe from 'stripe';
import { tempDir } from '../../testkit/temp-dir.ts';

const REPO = path.join(import.meta.dirname, '../..');
const SECRET = 'a-secret-of-the-examples-0123456789';

type Example = Readonly<{ url: string; printed(expected: readonly string[]): Promise<void> }>;

/** Runs the receiver with an example as its config file, as the example's head says. */
async function runExample(t: TestContext, name: string, env: Record<string, string>): Promise<Example> {
  const child = spawn(process.execPath, ['bin/webhook-receiver.js', 'serve'], {
    cwd: REPO,
    env: {
      ...process.env,
      ...env,
      CONFIG: `examples/${name}`,
      DB_PATH: path.join(await tempDir(t), 'events.db'),
      HOST: '127.0.0.1',
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  return { url: await listeningUrl(lines), printed: (expected) => assertPrinted(lines, expected) };
}

/** The log says where it listens. */
async function listeningUrl(lines: AsyncIterator<string>): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next();
    assert.ok(!done, 'the example ended before it listened');
    const found = /listening on (http:[^"\s]+)/.exec(value);
    if (found !== null) return found[1]!;
  }
}

/** Reads what handlers print, between the lines of the log and in whatever order, until all of it is there. */
async function assertPrinted(lines: AsyncIterator<string>, expected: readonly string[]): Promise<void> {
  const printed: string[] = [];
  while (printed.length < expected.length) {
    const { value, done } = await lines.next();
    assert.ok(!done, `the example ended after it printed: ${printed}`);
    if (!value.startsWith('{')) printed.push(value);
  }
  assert.deepEqual(printed.toSorted(), expected.toSorted());
}

/** The lines that follow `Output` in an example's head. */
function promisedLines(name: string): string[] {
  const source = readFileSync(path.join(REPO, 'examples', name), 'utf8');
  const [, lines] = /^\/\/ Output.*\n((?:\/\/ {3}.*\n)+)/m.exec(source)!;
  return lines!
    .trimEnd()
    .split('\n')
    .map((line) => line.replace('//   ', ''));
}

async function post(url: string, headers: Record<string, string>, body: string): Promise<Response> {
  return fetch(url, { method: 'POST', headers, body });
}

test("github.config.ts takes what GitHub's own library signs, and nothing else", async (t) => {
  const { url, printed } = await runExample(t, 'github.config.ts', { GITHUB_SECRET: SECRET });
  const deliver = async (event: string, payload: object, secret = SECRET, id: string = randomUUID()) => {
    const body = JSON.stringify(payload);
    const headers = {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': id,
      'x-hub-signature-256': await signAsGithub(secret, body),
    };
    return (await post(`${url}/webhooks/github`, headers, body)).status;
  };
  const repository = { full_name: 'octo/site', default_branch: 'main' };
  const push = { ref: 'refs/heads/main', after: '6113728f27ae82c7b1a177c8d03f9e96e0adf246', repository };
  const issue = { action: 'opened', issue: { number: 7, title: 'The page is blank' }, repository };

  assert.equal(await deliver('push', push, 'another secret'), 401);
  const id = randomUUID();
  assert.equal(await deliver('push', push, SECRET, id), 202);
  assert.equal(await deliver('push', push, SECRET, id), 200, 'a redelivery has the id of the first delivery');
  assert.equal(await deliver('issues', issue), 202);
  await printed(promisedLines('github.config.ts'));
});

test("stripe.config.ts takes what Stripe's own library signs, and nothing else", async (t) => {
  const { url, printed } = await runExample(t, 'stripe.config.ts', { STRIPE_SECRET: `whsec_${SECRET}` });
  const payload = JSON.stringify({
    id: 'evt_1PtYWT2eZvKYlo2C',
    object: 'event',
    type: 'payment_intent.succeeded',
    data: { object: { amount: 2000, currency: 'eur', metadata: { order_id: '42' } } },
  });
  const deliver = async (secret: string) => {
    const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret });
    const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
    return (await post(`${url}/webhooks/stripe`, headers, payload)).status;
  };
  assert.equal(await deliver('whsec_of_another_endpoint'), 401);
  const taken = await deliver(`whsec_${SECRET}`);
  assert.ok(taken === 202 || taken === 200);
  await printed(promisedLines('stripe.config.ts'));
});

test('shopify.config.ts forwards the very bytes that came', async (t) => {
  const received = Promise.withResolvers<Buffer>();
  const orders = createServer(async (request, response) => {
    received.resolve(await buffer(request));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(orders, 'listening');
  t.after(() => orders.close());
  const { port } = orders.address() as AddressInfo;

  const { url } = await runExample(t, 'shopify.config.ts', {
    SHOPIFY_SECRET: SECRET,
    ORDERS_URL: `http://127.0.0.1:${port}/`,
  });
  const body = '{"id":820982911946154508,  "email":"jon@example.com"}';
  const headers = (secret: string) => ({
    'content-type': 'application/json',
    'x-shopify-topic': 'orders/create',
    'x-shopify-event-id': '98880550-7158-44d4-b7cd-2c97c8a091b5',
    'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
  });
  assert.equal((await post(`${url}/webhooks/shopify`, headers('another secret'), body)).status, 401);
  assert.equal((await post(`${url}/webhooks/shopify`, headers(SECRET), body)).status, 200);
  assert.equal((await received.promise).toString(), body);
});

test("slack.config.ts answers Slack's URL check and hands on events and commands", async (t) => {
  const { url, printed } = await runExample(t, 'slack.config.ts', { SLACK_SIGNING_SECRET: SECRET });
  const deliver = (body: string, contentType: string, secret = SECRET) => {
    const seconds = String(Math.floor(Date.now() / 1000));
    const mac = createHmac('sha256', secret).update(`v0:${seconds}:${body}`).digest('hex');
    const headers = {
      'content-type': contentType,
      'x-slack-request-timestamp': seconds,
      'x-slack-signature': `v0=${mac}`,
    };
    return post(`${url}/webhooks/slack`, headers, body);
  };
  const check = JSON.stringify({ type: 'url_verification', challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd' });
  assert.equal((await deliver(check, 'application/json', 'another secret')).status, 401);
  const answer = await deliver(check, 'application/json');
  assert.equal(await answer.text(), '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd');
  assert.match(answer.headers.get('content-type')!, /^text\/plain/);

  const mention = JSON.stringify({
    type: 'event_callback',
    event_id: 'Ev0PV52K21',
    event: { type: 'app_mention', user: 'U061F7AUR', channel: 'C0LAN2Q65', text: '<@U0LAN0Z89> is it up?' },
  });
  assert.ok((await deliver(mention, 'application/json')).ok);
  const command =
    'command=%2Fdeploy&text=please&user_name=roadrunner&trigger_id=398738663015.47445629121.803a0bc8';
  assert.ok((await deliver(command, 'application/x-www-form-urlencoded')).ok);
  await printed(promisedLines('slack.config.ts'));
});
