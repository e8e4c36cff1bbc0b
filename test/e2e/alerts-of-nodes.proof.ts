import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { startPostgres } from '../../testkit/postgres.ts';
import { type ReceiverProcess, receiverFolder } from '../../testkit/receiver-process.ts';

const TOKEN = 'hunter2-hunter2-hunter2';
const headers = { authorization: `Bearer ${TOKEN}` };

const configOf = (pager: string) => `export default {
  destinations: { crm: { url: '${pager}/crm' }, pager: { url: '${pager}/', sources: ['_alerts'] } },
};`;

/** What the pager gets, by their subjects and edges. */
async function startPager(t: { after(clean: () => void): void }) {
  const told: string[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Record<string, unknown>;
    told.push(`${body.type} ${body.kind} ${body.subject}`);
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { told, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** How many alerts each node says are on: the one that watches knows, the others say none. */
async function activeAt(nodes: readonly ReceiverProcess[]): Promise<number[]> {
  const texts = nodes.map(async ({ url }) => (await fetch(`${url}/metrics`, { headers })).text());
  const active = (await Promise.all(texts)).map((text) =>
    Number(/^webhook_alerts_active\{kind="held"\} (\d+)$/m.exec(text)?.[1]),
  );
  return active.toSorted();
}

it('two nodes on PostgreSQL send one alert, and none again when both were killed', async (t) => {
  const server = await startPostgres();
  t.after(() => server.stop());
  const pager = await startPager(t);
  const env = { ADMIN_TOKEN: TOKEN, DATABASE_URL: await server.createDatabase() };
  const folder = await receiverFolder(t, { config: configOf(pager.url), env });
  const first = await folder.start();
  const hold = { method: 'POST', headers };
  assert.equal((await fetch(`${first.url}/admin/destinations/crm/hold`, hold)).status, 200);
  await first.crash();

  // Both look at once when they start.
  const both = await Promise.all([folder.start(), folder.start()]);
  await eventually('the pager is told', () => pager.told.length > 0);
  await eventually('one node watches', async () => (await activeAt(both)).join() === '0,1');
  await Promise.all(both.map((node) => node.crash()));

  const again = await Promise.all([folder.start(), folder.start()]);
  await eventually('one of these watches', async () => (await activeAt(again)).join() === '0,1');
  const events = await (await fetch(`${again[0]!.url}/admin/events?q=source:_alerts`, { headers })).json();
  assert.equal((events as { events: unknown[] }).events.length, 1);
  assert.deepEqual(pager.told, ['alert.raised held crm']);
});
