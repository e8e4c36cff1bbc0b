import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../testkit/eventually.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { exchange, rawHead, rawPost } from '../../testkit/raw-http.ts';
import { startReceiver } from '../../testkit/receiver.ts';
import { createInbox, startFakeReceiver } from './support/fake-receiver.ts';
import { startNginx } from './support/nginx.ts';
import { setUp } from './support/nginx-pair.ts';
import { anEvent, send } from './support/send.ts';

const skip = skipWithout('nginx');
const UUID = '01a20889-e6a1-7000-9719-4664b6ed0000';

test('nothing but events and handshakes gets through', { skip }, async (t) => {
  const { nginx, first, second } = await setUp(t);
  const closed = [
    'GET /metrics',
    'GET /ready',
    'GET /health',
    'GET /docs',
    'GET /openapi.json',
    `GET /admin/webhooks/${UUID}`,
    `POST /admin/deliveries/${UUID}/replay`,
    `GET /webhooks/${UUID}`,
    'GET /webhooks?idempotency_key=k',
    'GET /webhooks/',
    'PUT /webhooks',
    'GET //metrics',
    'GET /%6detrics',
    'GET /webhooks/../metrics',
    'GET /webhooks/%2e%2e/metrics',
    `POST /webhooks/../admin/deliveries/${UUID}/replay`,
    `POST /admin/deliveries/${UUID}/replay/../../../../webhooks`,
    'POST /webhooks/a/b',
    'POST /webhooks/%67ithub',
    'POST /webhooks/.hidden',
    'POST /Webhooks',
    'POST /webhooksx',
    `POST /webhooks/${'x'.repeat(65)}`,
  ];
  for (const line of closed) {
    const [method, target] = line.split(' ') as [string, string];
    const answer = await exchange(nginx.port, rawHead(method, target, [], 0));
    assert.ok(answer !== null && [400, 404, 405].includes(answer.status), `${line}: ${answer?.status}`);
  }
  assert.equal(first.heads() + second.heads(), 0);
});

test('what some providers ask of an endpoint reaches the receiver', { skip }, async (t) => {
  const inbox = createInbox();
  const answer = (response: import('node:http').ServerResponse) =>
    void response.writeHead(200).end('challenge');
  const node = await startFakeReceiver(t, inbox, { answer });
  const nginx = await startNginx(t, { receivers: [node.port, node.port] });
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    const path = '/webhooks/meta?hub.mode=subscribe&hub.challenge=1';
    const { status } = await send(nginx.url, null, { method, path });
    assert.equal(status, 200, method);
    assert.equal(node.requests.at(-1)!.url, path);
    assert.equal(node.requests.at(-1)!.method, method);
  }
});

test('body and headers arrive as they were sent', { skip }, async (t) => {
  const seen: { body: Uint8Array; headers: readonly string[] }[] = [];
  const config = {
    sources: { 'git.Hub_1': {} },
    destinations: {
      all: {
        handler: ({ body, headers }: { body: Uint8Array; headers: readonly string[] }) =>
          void seen.push({ body, headers }),
      },
    },
  };
  const receivers = [await startReceiver(t, config), await startReceiver(t, config)] as const;
  const nginx = await startNginx(t, { receivers: [receivers[0].port, receivers[1].port] });

  const body = Buffer.from(
    '{ "idempotency_key" : "ключ-1",\r\n"event_type":"a.b","payload":{"n":1.0e+2,"s":"\\u00e9é\\/","n":2} }\n',
  );
  const sent = [
    ['content-type', 'application/json; charset=utf-8'],
    ['X-Hub-Signature-256', 'sha256=00FF'],
    ['x-repeated', 'one'],
    ['X-UPPER', 'MiXed  inner  spaces'],
    ['x-repeated', 'two, three'],
    ['under_score', 'kept'],
    ['dotted.name', 'kept'],
    ['X-Empty', ''],
    ['Accept-Encoding', 'gzip'],
    ['Authorization', 'Bearer abc'],
  ] as const;
  const headers = sent.map(([name, value]) => `${name}: ${value}`);
  const answer = await exchange(nginx.port, rawPost(body, { target: '/webhooks/git.Hub_1?a=%20b', headers }));
  assert.equal(answer?.status, 202);
  await eventually('the event is handled', () => seen.length === 1);

  const [event] = seen;
  assert.deepEqual(Buffer.from(event!.body), body);
  const pairs = event!.headers.flatMap((name, i) => (i % 2 === 0 ? [[name, event!.headers[i + 1]!]] : []));
  const own = new Set(['host', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'content-length']);
  assert.deepEqual(
    pairs.filter(([name]) => !own.has(name!.toLowerCase())),
    sent,
  );
  const value = (name: string) => pairs.filter(([other]) => other!.toLowerCase() === name).map(([, v]) => v);
  assert.deepEqual(value('host'), ['receiver.test']);
  assert.deepEqual(value('content-length'), [String(body.length)]);
});

test('the receiver is told the real client, whatever the client says', { skip }, async (t) => {
  const { nginx, first, second } = await setUp(t);
  const headers = {
    host: 'hooks.example:8443',
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.example',
  };
  await send(nginx.url, anEvent('k'), { headers, from: '127.0.0.3' });
  const [seen] = [...first.requests, ...second.requests];
  assert.equal(seen!.headers.host, 'hooks.example:8443');
  assert.equal(seen!.headers['x-forwarded-for'], '127.0.0.3');
  assert.equal(seen!.headers['x-forwarded-proto'], 'http');
  assert.equal(seen!.headers['x-forwarded-host'], 'hooks.example:8443');
});

test('the log has source, status and receiver, and no query', { skip }, async (t) => {
  const { nginx } = await setUp(t);
  await send(nginx.url, anEvent('k'), { path: '/webhooks/orders?token=hush' });
  const line = await eventually('the line is written', () => nginx.accessLog().split('\n')[0] || false);
  const { source, status, upstream_status } = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual([source, status, upstream_status], ['orders', 202, '202']);
  assert.ok(!line.includes('hush'));
});
