import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import test, { type TestContext } from 'node:test';
import { createReceiver } from '../../src/index.ts';
import { eventually } from '../../testkit/eventually.ts';
import { startReceiver } from '../../testkit/receiver.ts';

const EXAMPLES = path.join(import.meta.dirname, '../../examples');

/** Examples import the package by its name, which a checkout resolves to its sources. */
const ARGS = ['--conditions=source'];

function run(t: TestContext, name: string, env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [...ARGS, path.join(EXAMPLES, name)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

/** The lines that follow `Output` in an example's head. */
function promisedOutput(name: string): string {
  const source = readFileSync(path.join(EXAMPLES, name), 'utf8');
  const [, lines] = /^\/\/ Output.*\n((?:\/\/ {3}.*\n)+)/m.exec(source)!;
  return lines!.replaceAll('//   ', '');
}

test('embedded.ts prints what it promises', async (t) => {
  const child = run(t, 'embedded.ts');
  const [output, errors, [status]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit'),
  ]);
  assert.equal(status, 0, errors);
  assert.equal(output, promisedOutput('embedded.ts'));
});

test('webhooks.config.ts forwards to destination.ts, signed', async (t) => {
  const destination = run(t, 'destination.ts', { PORT: '0' });
  const [line] = (await once(destination.stderr!, 'data')) as [Buffer];
  const url = /http:\S+/.exec(line.toString())![0];

  const { default: config } = await import(path.join(EXAMPLES, 'webhooks.config.ts'));
  const folder = mkdtempSync(path.join(tmpdir(), 'webhook-receiver-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const receiver = createReceiver({
    env: { DB_PATH: path.join(folder, 'events.db'), HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'FATAL' },
    sources: config.sources,
    destinations: { billing: { ...config.destinations.billing, url } },
  });
  const api = await receiver.start();
  t.after(() => receiver.stop());

  const printed = once(destination.stdout!, 'data');
  const response = await fetch(`${api.url}/webhooks/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ idempotency_key: 'order-42-created', event_type: 'order.created', payload: {} }),
  });
  assert.equal(response.status, 202);
  assert.equal(String((await printed)[0]), promisedOutput('destination.ts'));
});

test('destination.ts recognises the replay of a delivery whose work it did and whose answer was lost', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'webhook-receiver-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const env = { PORT: '0', KEYS: path.join(folder, 'keys.db') };
  const lines: string[] = [];
  const start = async () => {
    const child = run(t, 'destination.ts', env);
    child.stdout!.on('data', (data: Buffer) => lines.push(data.toString()));
    const [line] = (await once(child.stderr!, 'data')) as [Buffer];
    return { child, url: /http:\S+/.exec(line.toString())![0] };
  };
  let destination = await start();
  /** Takes the answers of the destination away, as a network does. */
  let isCut = true;
  const keys: string[] = [];
  const proxy = createServer(async (request, response) => {
    keys.push(String(request.headers['idempotency-key']));
    const headers = Object.entries(request.headers).filter(
      ([name]) => name !== 'host' && name !== 'connection',
    );
    const body = await buffer(request);
    const answer = await fetch(destination.url, {
      method: 'POST',
      headers: headers as [string, string][],
      body,
    });
    if (isCut) response.destroy();
    else response.writeHead(answer.status).end();
  }).listen(0, '127.0.0.1');
  t.after(() => proxy.close());
  await once(proxy, 'listening');

  const { default: config } = await import(path.join(EXAMPLES, 'webhooks.config.ts'));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const { secret } = config.destinations.billing;
  const receiver = await startReceiver(t, {
    env: { ADMIN_TOKEN: 'a-token-of-the-tests' },
    destinations: { billing: { url, secret, retry: { maxAttempts: 1 } } },
  });
  const ask = async (method: string, at: string, body?: object) => {
    const headers = { authorization: 'Bearer a-token-of-the-tests', 'content-type': 'application/json' };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    return (await (await fetch(`${receiver.url}${at}`, init)).json()) as Record<string, string>;
  };
  const event = { idempotency_key: 'order-42-created', event_type: 'order.created', payload: {} };
  const { id } = await ask('POST', '/webhooks', event);
  const statusIs = (status: string) =>
    eventually(`the event is ${status}`, async () => (await ask('GET', `/webhooks/${id}`)).status === status);
  await statusIs('failed');

  destination.child.kill('SIGKILL');
  destination = await start();
  isCut = false;
  const { deliveries } = (await ask('GET', '/admin/dead-letters')) as unknown as {
    deliveries: { id: string }[];
  };
  const replay = await ask('POST', `/admin/deliveries/${deliveries[0]!.id}/replay`);
  await statusIs('completed');
  assert.notEqual(replay.id, deliveries[0]!.id);
  assert.deepEqual(keys, [deliveries[0]!.id, deliveries[0]!.id]);
  assert.equal(lines.join(''), promisedOutput('destination.ts'));
});
