import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { problemReply } from '../../src/http/problem.ts';
import { HTTP_LIMITS } from '../../src/http/server.ts';
import { eventually } from '../../testkit/eventually.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { connectRaw, exchange, rawHead, rawPost } from '../../testkit/raw-http.ts';
import { startReceiver } from '../../testkit/receiver.ts';
import { readDeploy } from './support/deploy-files.ts';
import {
  createInbox,
  type FakeReceiver,
  refuseShuttingDown,
  startFakeReceiver,
} from './support/fake-receiver.ts';
import { type NginxOptions, nginxEnvironment, renderTemplate, startNginx } from './support/nginx.ts';
import { anEvent, type Sent, send } from './support/send.ts';

const skip = skipWithout('nginx');
const UUID = '01a20889-e6a1-7000-9719-4664b6ed0000';

type Cleanup = Readonly<{ after(clean: () => Promise<void>): void }>;

/** nginx before two stand-ins that share an inbox. */
async function setUp(t: Cleanup, options: Partial<NginxOptions> = {}) {
  const inbox = createInbox();
  const first = await startFakeReceiver(t, inbox);
  const second = await startFakeReceiver(t, inbox);
  const nginx = await startNginx(t, { receivers: [first.port, second.port], ...options });
  const asked = () => first.requests.length + second.requests.length;
  return { inbox, first, second, nginx, asked };
}

function assertProblem({ status, headers, text }: Sent, code: string, expected: number): void {
  assert.equal(status, expected, text);
  assert.equal(headers['content-type'], 'application/problem+json');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  const { detail, title, ...rest } = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual(rest, { type: `urn:webhook-receiver:problem:${code}`, status: expected, code });
  assert.equal(typeof detail, 'string');
  assert.equal(typeof title, 'string');
}

test('the template has no variable that compose.yaml does not give', () => {
  const environment = nginxEnvironment();
  const named = [...readDeploy('cluster/nginx.conf.template').matchAll(/\$\{(\w+)\}/g)].map(
    ([, name]) => name!,
  );
  assert.ok(named.length >= 5);
  for (const name of named) assert.notEqual(environment[name] ?? '', '', name);
  assert.doesNotMatch(renderTemplate(environment), /\$\{/);
});

test("the environment of the container cannot get in the way of nginx's own variables", () => {
  const hostile = { ...nginxEnvironment(), source: 'x', http_host: 'x', request_uri: 'x', name: 'x' };
  assert.equal(renderTemplate(hostile), renderTemplate(nginxEnvironment()));
});

test('kept connections are closed by nginx before the receiver would', () => {
  const [, seconds] = /keepalive 64;[\s\S]*?keepalive_timeout (\d+)s;/.exec(
    renderTemplate(nginxEnvironment()),
  )!;
  assert.ok(Number(seconds) * 1000 < HTTP_LIMITS.keepAliveTimeoutMs);
});

test('one line of a header may be as long for nginx as for the receiver', () => {
  const [, kib] = /large_client_header_buffers 4 (\d+)k;/.exec(renderTemplate(nginxEnvironment()))!;
  assert.equal(Number(kib) * 1024, HTTP_LIMITS.maxHeaderBytes);
});

test('events are shared out, and connections to the receivers kept', { skip }, async (t) => {
  const { first, second, nginx } = await setUp(t);
  for (let i = 0; i < 40; i++) assert.equal((await send(nginx.url, anEvent(`k${i}`))).status, 202);
  assert.ok(first.requests.length >= 10 && second.requests.length >= 10);
  // Each of nginx's processes has connections of its own.
  assert.ok(first.connections() + second.connections() < 20);
});

test('a client over its rate for a source is told 429, other sources and clients are not', {
  skip,
}, async (t) => {
  const { nginx, asked } = await setUp(t, {
    environment: { RATE_PER_SOURCE_AND_CLIENT: '1r/m', BURST_PER_SOURCE_AND_CLIENT: '2' },
  });
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) {
    statuses.push((await send(nginx.url, anEvent(`k${i}`), { path: '/webhooks/orders' })).status);
  }
  assert.deepEqual(statuses, [202, 202, 202, 429, 429]);
  assert.equal(asked(), 3, 'nobody was asked about what was refused');

  assert.equal((await send(nginx.url, anEvent('k'), { path: '/webhooks/invoices' })).status, 202);
  const elsewhere = { path: '/webhooks/orders', from: '127.0.0.2' };
  assert.equal((await send(nginx.url, anEvent('other'), elsewhere)).status, 202);
  const queried = { path: '/webhooks/orders?x=1' };
  assert.equal((await send(nginx.url, anEvent('q'), queried)).status, 429, 'a query makes no other source');
});

test('the default source is one, however it is written', { skip }, async (t) => {
  const { nginx } = await setUp(t, {
    environment: { RATE_PER_SOURCE_AND_CLIENT: '1r/m', BURST_PER_SOURCE_AND_CLIENT: '1' },
  });
  const paths = ['/webhooks', '/webhooks/', '/webhooks?a=1'];
  const statuses: number[] = [];
  for (const path of paths) statuses.push((await send(nginx.url, anEvent(path), { path })).status);
  assert.deepEqual(statuses, [202, 202, 429]);
});

test('a client that makes up sources is held back by its own rate', { skip }, async (t) => {
  const { nginx } = await setUp(t, { environment: { RATE_PER_CLIENT: '1r/m', BURST_PER_CLIENT: '4' } });
  const statuses: number[] = [];
  for (let i = 0; i < 7; i++) {
    statuses.push((await send(nginx.url, anEvent('k'), { path: `/webhooks/s${i}` })).status);
  }
  assert.deepEqual(statuses, [202, 202, 202, 202, 202, 429, 429]);
  assert.equal((await send(nginx.url, anEvent('k'), { from: '127.0.0.2' })).status, 202);
});

test('429 is a problem with a wait, and keeps the connection', { skip }, async (t) => {
  const { nginx } = await setUp(t, {
    environment: { RATE_PER_SOURCE_AND_CLIENT: '1r/m', BURST_PER_SOURCE_AND_CLIENT: '1' },
  });
  for (const key of ['a', 'a2']) assert.equal((await send(nginx.url, anEvent(key))).status, 202);
  const refused = await send(nginx.url, anEvent('b'));
  assertProblem(refused, 'rate_limited', 429);
  assert.match(String(refused.headers['retry-after']), /^[1-9]\d*$/);

  using connection = await connectRaw(nginx.port);
  for (let i = 0; i < 2; i++) {
    connection.send(rawPost(anEvent(`c${i}`)));
    assert.equal((await connection.answer())?.status, 429);
  }
});

test("problems of nginx's own that the receiver has too read the same", { skip }, async (t) => {
  const { nginx } = await setUp(t, { environment: { MAX_BODY_BYTES: '64' } });
  const long = { 'x-long': 'x'.repeat(17 * 1024) };
  const cases = [
    ['not_found', await send(nginx.url, null, { method: 'GET', path: '/metrics' })],
    ['method_not_allowed', await send(nginx.url, null, { method: 'DELETE' })],
    ['too_large', await send(nginx.url, anEvent('x'.repeat(100)))],
    ['headers_too_large', await send(nginx.url, anEvent('k'), { headers: long })],
  ] as const;
  for (const [code, answer] of cases) {
    const { status, body, headers } = problemReply(code, '');
    assertProblem(answer, code, status);
    assert.equal(JSON.parse(answer.text).title, JSON.parse(body).title);
    assert.equal(answer.headers['retry-after'], headers['retry-after']);
  }
});

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

test('a body of MAX_BODY_BYTES arrives whole, one byte more is refused unasked', { skip }, async (t) => {
  const maxBodyBytes = Number(nginxEnvironment().MAX_BODY_BYTES);
  const { nginx, first, second, asked } = await setUp(t);
  const bodyOf = (bytes: number) => {
    const empty = JSON.stringify({ idempotency_key: 'k', event_type: 't', payload: { x: '' } });
    return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`);
  };
  const largest = bodyOf(maxBodyBytes);
  assert.equal((await send(nginx.url, largest)).status, 202);
  const sha = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
  assert.equal(sha([...first.requests, ...second.requests][0]!.body), sha(largest));

  // By its head alone: a sender that waits for 100 Continue need not send it.
  const head = rawHead('POST', '/webhooks', ['Content-Type: application/json'], maxBodyBytes + 1);
  const refused = await exchange(nginx.port, head);
  assert.equal(refused?.status, 413);
  assert.equal(asked(), 1);
});

test('a chunked body is bounded too, and arrives with its length', { skip }, async (t) => {
  const { nginx, first, second } = await setUp(t, { environment: { MAX_BODY_BYTES: '100' } });
  const chunked = (body: string) =>
    [
      rawHead('POST', '/webhooks', ['Content-Type: application/json', 'Transfer-Encoding: chunked']),
      ...body.split(/(?<=,)/).map((part) => `${part.length.toString(16)}\r\n${part}\r\n`),
      '0\r\n\r\n',
    ].join('');
  assert.equal((await exchange(nginx.port, chunked(anEvent('k'))))?.status, 202);
  const [seen] = [...first.requests, ...second.requests];
  assert.equal(seen!.body.toString(), anEvent('k'));
  assert.equal(seen!.headers['content-length'], String(anEvent('k').length));
  assert.equal((await exchange(nginx.port, chunked(anEvent('k'.repeat(100)))))?.status, 413);
});

test('a receiver is asked only once the whole body is there', { skip }, async (t) => {
  const { nginx, first, second } = await setUp(t);
  const bytes = rawPost(anEvent('slow'));
  using connection = await connectRaw(nginx.port);
  connection.send(bytes.subarray(0, bytes.length - 1));
  // A second client is served from beginning to end meanwhile.
  assert.equal((await send(nginx.url, anEvent('quick'))).status, 202);
  assert.equal(first.heads() + second.heads(), 1);
  connection.send(bytes.subarray(bytes.length - 1));
  assert.equal((await connection.answer())?.status, 202);
});

test("the receiver's refusals pass as they are", { skip }, async (t) => {
  for (const code of ['invalid', 'queue_full', 'store_error', 'internal', 'unknown_source'] as const) {
    const problem = problemReply(code, 'as it was said');
    const inbox = createInbox();
    const answer = (response: import('node:http').ServerResponse) =>
      void response.writeHead(problem.status, problem.headers).end(problem.body);
    const first = await startFakeReceiver(t, inbox, { answer });
    const second = await startFakeReceiver(t, inbox, { answer });
    const nginx = await startNginx(t, { receivers: [first.port, second.port] });
    const got = await send(nginx.url, anEvent('k'));
    assert.equal(got.status, problem.status);
    assert.equal(got.text, problem.body);
    assert.equal(got.headers['retry-after'], problem.headers['retry-after']);
    assert.equal(got.headers['content-type'], problem.headers['content-type']);
    const asked = first.requests.length + second.requests.length;
    assert.equal(asked, problem.status === 503 ? 2 : 1, `${code}: only 503 is asked of the other`);
  }
});

test('a receiver that dies between commit and answer costs nothing, and nothing is doubled', {
  skip,
}, async (t) => {
  const inbox = createInbox();
  const mortal = await startFakeReceiver(t, inbox, { afterCommit: (node) => node.kill() });
  const other = await startFakeReceiver(t, inbox);
  const nginx = await startNginx(t, { receivers: [mortal.port, other.port] });
  const answers: Sent[] = [];
  for (let i = 0; i < 4; i++) answers.push(await send(nginx.url, anEvent(`k${i}`)));
  const statuses = answers.map(({ status }) => status);
  assert.equal(mortal.requests.length, 1);
  assert.equal(statuses.filter((status) => status === 200).length, 1, 'the other knew it already');
  assert.equal(statuses.filter((status) => status === 202).length, 3);
  assert.equal(inbox.stored.size, 4);
});

test('a receiver killed under load: every event is acknowledged and stored once', { skip }, async (t) => {
  const EVENTS = 600;
  const KILLED_AFTER = 150;
  const inbox = createInbox();
  const dieWhenDue = (node: FakeReceiver) => {
    if (node.requests.length === KILLED_AFTER) node.kill();
  };
  const mortal = await startFakeReceiver(t, inbox, { afterCommit: dieWhenDue });
  const other = await startFakeReceiver(t, inbox);
  const nginx = await startNginx(t, { receivers: [mortal.port, other.port] });

  const acks = new Map<string, number>();
  let next = 0;
  const sendOn = async () => {
    while (next < EVENTS) {
      const key = `k${next++}`;
      acks.set(key, (await send(nginx.url, anEvent(key))).status);
    }
  };
  await Promise.all(Array.from({ length: 16 }, sendOn));

  assert.ok(mortal.requests.length >= KILLED_AFTER);
  assert.deepEqual(
    [...acks].filter(([, status]) => status !== 202 && status !== 200),
    [],
  );
  assert.equal(inbox.stored.size, EVENTS);
  const asked = mortal.requests.length + other.requests.length;
  const repeated = [...acks.values()].filter((status) => status === 200).length;
  assert.ok(repeated <= 16, 'no more than were under way');
  assert.ok(asked - EVENTS <= 16);
});

test('what a stopping receiver turns away goes to the other one', { skip }, async (t) => {
  const inbox = createInbox();
  const stopping = await startFakeReceiver(t, inbox, { answer: refuseShuttingDown });
  const other = await startFakeReceiver(t, inbox);
  const nginx = await startNginx(t, { receivers: [stopping.port, other.port] });
  for (let i = 0; i < 10; i++) assert.equal((await send(nginx.url, anEvent(`k${i}`))).status, 202);
  assert.ok(stopping.requests.length >= 1);
  assert.ok(stopping.requests.length <= 3, 'three failures take it out for a while');
});

test('without any receiver it is 503 with a wait, never a 2xx', { skip }, async (t) => {
  const { nginx, first, second, inbox } = await setUp(t);
  first.kill();
  second.kill();
  for (let i = 0; i < 5; i++) {
    const answer = await send(nginx.url, anEvent(`k${i}`));
    assertProblem(answer, 'unavailable', 503);
    assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/);
  }
  assert.equal(inbox.stored.size, 0);
});

test('a receiver that is slow is not asked a second time, and the sender is told to come again', {
  skip,
}, async (t) => {
  const inbox = createInbox();
  const first = await startFakeReceiver(t, inbox, { answer: () => {} });
  const second = await startFakeReceiver(t, inbox, { answer: () => {} });
  const directives = { proxy_read_timeout: '300ms', proxy_next_upstream_timeout: '100ms' };
  const nginx = await startNginx(t, { receivers: [first.port, second.port], directives });
  assertProblem(await send(nginx.url, anEvent('k')), 'unavailable', 503);
  assert.equal(first.requests.length + second.requests.length, 1);
});

test('the bound on repeats is below the patience with an answer', () => {
  const seconds = (name: string) =>
    Number(new RegExp(`${name} (\\d+)s;`).exec(renderTemplate(nginxEnvironment()))![1]);
  assert.ok(seconds('proxy_next_upstream_timeout') < seconds('proxy_read_timeout'));
  assert.ok(seconds('proxy_connect_timeout') < seconds('proxy_next_upstream_timeout'));
});

test('the log has source, status and receiver, and no query', { skip }, async (t) => {
  const { nginx } = await setUp(t);
  await send(nginx.url, anEvent('k'), { path: '/webhooks/orders?token=hush' });
  const line = await eventually('the line is written', () => nginx.accessLog().split('\n')[0] || false);
  const { source, status, upstream_status } = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual([source, status, upstream_status], ['orders', 202, '202']);
  assert.ok(!line.includes('hush'));
});
