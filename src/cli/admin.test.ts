import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { Command } from 'commander';
import { addAdminCommands } from './admin.ts';
import { AdminError, askReceiver } from './ask-receiver.ts';

it('each command asks the receiver for its own path', async (t) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.mock.method(console, 'log', () => {});
  t.mock.method(process.stdout, 'write', () => true);

  for (const command of [
    ['inspect', 'an/id'],
    ['replay', 'delivery'],
    ['replay', 'delivery', '--again'],
  ]) {
    const program = new Command();
    addAdminCommands(program, { ADMIN_TOKEN: 'a-token-of-the-tests' });
    await program.parseAsync([...command, '--url', url], { from: 'user' });
  }
  t.mock.restoreAll();
  assert.deepEqual(asked, [
    'GET /admin/webhooks/an%2Fid',
    'POST /admin/deliveries/delivery/replay',
    'POST /admin/deliveries/delivery/replay?again=true',
  ]);
});

it('gives up on a receiver that takes the connection and does not answer', async (t) => {
  for (const answers of [() => {}, (response: ServerResponse) => response.writeHead(200).write('{')]) {
    const server = createServer((_request, response) => void answers(response)).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const asked = askReceiver({ url, env: { ADMIN_TOKEN: 't' }, timeoutMs: 100 }, 'GET', '/admin/rejected');
    await assert.rejects(asked, new AdminError(`${url} did not answer within 0.1 s`));
    server.closeAllConnections();
  }
});

it('prints the detail of a refusal, and a line for each mistake', async (t) => {
  const body = {
    ...{ code: 'invalid', detail: 'Send {"rate", "until"?}.' },
    errors: [
      { field: '/rate', message: 'N/s' },
      { field: '/until', message: 'must lie \u001b[1mahead' },
    ],
  };
  const server = createServer((_request, response) =>
    response.writeHead(422, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body)),
  ).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await assert.rejects(askReceiver({ url, env: { ADMIN_TOKEN: 't' } }, 'PUT', '/admin/x'), (error: Error) => {
    const [first, ...mistakes] = error.message.split('\n');
    assert.equal(first, `${url} answered 422: Send {"rate", "until"?}.`);
    assert.equal(mistakes[0], '  - /rate: N/s');
    assert.match(mistakes[1]!, /^ {2}- \/until: must lie/);
    assert.ok(!error.message.includes('\u001b'));
    return true;
  });
});
