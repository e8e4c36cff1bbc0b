import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type TestContext } from 'node:test';
import { createReceiver } from '../../src/index.ts';

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
