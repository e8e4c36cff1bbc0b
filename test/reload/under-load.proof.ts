import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { type ReceiverFolder, receiverFolder } from '../../testkit/receiver-process.ts';
import { ADMIN, postSigned } from './reloadable.ts';

const RELOADS = 1000;
const SENDERS = 8;

type Letter = 'A' | 'B';
type Delivered = Readonly<{ path: string; config: string; key: string }>;

/** A destination that writes down what it gets. */
async function startDestination(t: Readonly<{ after(clean: () => void): void }>) {
  const delivered: Delivered[] = [];
  const server = createServer((request, response) => {
    const { 'x-config': config, 'x-github-delivery': key } = request.headers;
    delivered.push({ path: request.url!, config: String(config), key: String(key) });
    request.resume().on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { delivered, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const to = (url: string, path: string, config: string) => ({
  url: `${url}/${path}`,
  headers: { 'x-config': config },
  concurrency: 20,
});

/** Two destinations of its own for each letter, and one that both have, each with another URL and header. */
function configOf(letter: Letter, secrets: readonly string[], url: string) {
  const own = letter.toLowerCase();
  return {
    sources: {
      github: { provider: 'github', secrets, replayWindowSeconds: 0, reply: { status: 200, body: letter } },
    },
    destinations: {
      [`${own}1`]: to(url, `${own}1`, letter),
      [`${own}2`]: to(url, `${own}2`, letter),
      both: to(url, `both-${letter}`, letter),
    },
  };
}

async function replaceConfig({ path }: ReceiverFolder, config: object): Promise<void> {
  await writeFile(join(path, 'next.json'), JSON.stringify(config));
  await rename(join(path, 'next.json'), join(path, 'webhooks.config.json'));
}

it(`${RELOADS} reloads under load lose nothing, and a rotation turns nobody away`, async (t) => {
  const destination = await startDestination(t);
  const folder = await receiverFolder(t, { env: { ADMIN_TOKEN: ADMIN, QUEUE_MAXSIZE: '1000000' } });
  await replaceConfig(folder, configOf('A', ['secret-0'], destination.url));
  const receiver = await folder.start();
  const headers = { authorization: `Bearer ${ADMIN}` };
  const reload = async (config: object) => {
    await replaceConfig(folder, config);
    const answer = await fetch(`${receiver.url}/admin/reload`, { method: 'POST', headers });
    assert.equal(answer.status, 200, await answer.text());
  };

  const letters = new Map<string, Letter>();
  let secret = 'secret-0';
  let sending = true;
  const inFlight = Array.from({ length: SENDERS }, () => Promise.resolve());
  const send = async (key: string) => {
    const answer = await postSigned(receiver.url, secret, key);
    const text = await answer.text();
    assert.equal(answer.status, 200, `${key}: ${text}`);
    letters.set(key, text as Letter);
  };
  const senders = inFlight.map(async (_, sender) => {
    for (let i = 0; sending; i++) {
      inFlight[sender] = send(`${sender}-${i}`);
      await inFlight[sender];
    }
  });
  const failed = Promise.all(senders).then(() => {});

  const rotate = async () => {
    for (let step = 0; step < RELOADS; step += 2) {
      const [old, next] = [`secret-${step / 2}`, `secret-${step / 2 + 1}`];
      await reload(configOf('B', [old, next], destination.url));
      secret = next;
      await Promise.all(inFlight);
      await reload(configOf('A', [next], destination.url));
    }
    sending = false;
  };
  await Promise.all([rotate(), failed]);

  const both = {
    ...configOf('B', [secret], destination.url).destinations,
    ...configOf('A', [secret], destination.url).destinations,
  };
  await reload({ ...configOf('A', [secret], destination.url), destinations: both });
  assert.ok([...letters.values()].filter((letter) => letter === 'B').length > 100, 'each letter was met');
  const wanted = letters.size * 3;
  await eventually(
    `${wanted} deliveries`,
    () => destination.delivered.length >= wanted,
    () => destination.delivered.length,
  );
  checkDeliveries(letters, destination.delivered);
  const metrics = await (await fetch(`${receiver.url}/metrics`)).text();
  assert.deepEqual(metrics.match(/^webhook_processing_errors_total\{.*\} [1-9].*$/gm), null);
  t.diagnostic(`${letters.size} events, ${RELOADS} reloads`);
  await receiver.stop();
});

/** Each event went where the configuration that answered it sends events, once, and each attempt had one configuration. */
function checkDeliveries(letters: ReadonlyMap<string, Letter>, delivered: readonly Delivered[]): void {
  const byKey = Map.groupBy(delivered, ({ key }) => key);
  for (const [key, letter] of letters) {
    const own = letter.toLowerCase();
    const paths = (byKey.get(key) ?? []).map(({ path }) => path.replace(/^\/both-[AB]$/, '/both')).toSorted();
    assert.deepEqual(paths, [`/${own}1`, `/${own}2`, '/both'], key);
  }
  for (const { path, config } of delivered) {
    assert.equal(config, path.startsWith('/both-') ? path.at(-1) : path[1]!.toUpperCase(), path);
  }
}
