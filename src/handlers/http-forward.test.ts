import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';
import { anEvent, nextId } from '../../testkit/builders.ts';
import { ORIGINS } from '../domain/event.ts';
import { systemClock } from '../runtime/clock.ts';
import { contextWith, DELIVERY_ID, openForward, startRawServer, valuesOf } from './testing.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

test('sends exactly the bytes and the headers of the event, and reports the answer', async () => {
  await using server = await startRawServer((socket) => socket.write(OK));
  await using forward = openForward(`${server.url}/hooks?token=1`);
  const body = Buffer.from([0, 1, 0xff, 0xfe, 13, 10, 13, 10]);
  const headers = ['X-Sig', '\u00e4=1', 'x-SIG', 'b', 'Content-Type', 'application/x-thing', 'X-Empty', ''];

  const event = anEvent({ body, headers });
  const reply = await forward.handle(event, contextWith({ attempt: 3 }));

  assert.deepEqual(reply, { httpStatus: 200, responseExcerpt: 'ok' });
  const [request] = server.requests;
  assert.equal(request?.line, 'POST /hooks?token=1 HTTP/1.1');
  assert.deepEqual(request.body, body);
  assert.deepEqual(request.headers.slice(request.headers.indexOf('X-Sig')), [
    ...headers,
    'Idempotency-Key',
    DELIVERY_ID,
    'Webhook-Event-Id',
    event.id,
    'Webhook-Attempt',
    '3',
    'content-length',
    '8',
  ]);
});

test("names the event by the receiver's id, never by a sender's header of that name", async () => {
  await using server = await startRawServer((socket) => socket.write(OK));
  await using forward = openForward(server.url);
  const event = anEvent({
    headers: ['webhook-event-id', 'forged', 'WEBHOOK-EVENT-ID', 'twice', 'X-Kept', '1'],
  });
  await forward.handle(event, contextWith());
  const { headers } = server.requests[0]!;
  assert.deepEqual(valuesOf(headers, 'webhook-event-id'), [event.id]);
  assert.deepEqual(valuesOf(headers, 'x-kept'), ['1']);
});

test("says how an event came that was not received, never in a sender's words", async () => {
  await using server = await startRawServer((socket) => socket.write(OK));
  await using forward = openForward(server.url);
  const headers = ['webhook-origin', 'reconciled', 'X-Kept', '1'];
  for (const origin of ORIGINS) await forward.handle(anEvent({ headers, origin }), contextWith());
  const sent = server.requests.map((request) => valuesOf(request.headers, 'webhook-origin'));
  assert.deepEqual(sent, [[], ['reconciled'], ['test'], ['imported']]);
});

test('a replay is sent, and signed, under the key of what it repeats', async () => {
  await using server = await startRawServer((socket) => socket.write(OK));
  await using forward = openForward(server.url, { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' });
  await forward.handle(anEvent(), contextWith({ deliveryId: nextId(0), idempotencyKey: DELIVERY_ID }));
  const { headers } = server.requests[0]!;
  for (const name of ['idempotency-key', 'webhook-id']) {
    assert.deepEqual(valuesOf(headers, name), [DELIVERY_ID]);
  }
});

test('sends an empty body, and a body that is a view into a larger buffer', async () => {
  await using server = await startRawServer((socket) => socket.write(OK));
  await using forward = openForward(server.url);
  await forward.handle(anEvent({ body: new Uint8Array() }), contextWith());
  await forward.handle(anEvent({ body: Buffer.from('abcdef').subarray(2, 4) }), contextWith());
  assert.deepEqual(
    server.requests.map((request) => request.body.toString()),
    ['', 'cd'],
  );
  assert.deepEqual(valuesOf(server.requests[0]!.headers, 'content-length'), ['0']);
});

test('takes hop-by-hop headers out and sets its own host and length', async () => {
  await using server = await startRawServer((socket) => socket.write(OK));
  await using forward = openForward(server.url);
  const hop = [
    'Host',
    'evil.example',
    'Content-Length',
    '999',
    'Transfer-Encoding',
    'chunked',
    'Expect',
    '100-continue',
  ];
  const more = [
    'Connection',
    'keep-alive, X-Hop',
    'X-Hop',
    '1',
    'Upgrade',
    'h2c',
    'Proxy-Authorization',
    'secret',
  ];
  await forward.handle(
    anEvent({ body: Buffer.from('1234567'), headers: [...hop, ...more, 'X-Kept', '1'] }),
    contextWith(),
  );
  const { headers } = server.requests[0]!;
  assert.deepEqual(valuesOf(headers, 'host'), [new URL(server.url).host]);
  assert.deepEqual(valuesOf(headers, 'content-length'), ['7']);
  assert.deepEqual(valuesOf(headers, 'x-kept'), ['1']);
  for (const name of ['transfer-encoding', 'expect', 'x-hop', 'upgrade', 'proxy-authorization']) {
    assert.deepEqual(valuesOf(headers, name), [], name);
  }
});

test('signs anew with a secret, replacing the signature of the provider', async () => {
  await using server = await startRawServer((socket) => socket.write(OK));
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const clock = { ...systemClock, nowMs: () => 1_614_265_330_999 };
  await using forward = openForward(server.url, { secret }, { clock });
  const headers = ['Webhook-Id', 'msg_1', 'Webhook-Signature', 'v1,old', 'webhook-timestamp', '1'];

  await forward.handle(anEvent({ headers, body: Buffer.from('{"a":1}') }), contextWith());

  const sent = server.requests[0]!.headers;
  const key = Buffer.from(secret.slice(6), 'base64');
  const mac = createHmac('sha256', key).update(`${DELIVERY_ID}.1614265330.{"a":1}`).digest('base64');
  assert.deepEqual(valuesOf(sent, 'webhook-id'), [DELIVERY_ID]);
  assert.deepEqual(valuesOf(sent, 'webhook-timestamp'), ['1614265330']);
  assert.deepEqual(valuesOf(sent, 'webhook-signature'), [`v1,${mac}`]);
});

test('leaves the signature of the provider alone without a secret', async () => {
  await using server = await startRawServer((socket) => socket.write(OK));
  await using forward = openForward(server.url, { headers: { Authorization: 'Bearer t' } });
  const headers = ['Webhook-Signature', 'v1,theirs', 'authorization', 'theirs', 'Idempotency-Key', 'theirs'];
  await forward.handle(anEvent({ headers }), contextWith());
  const sent = server.requests[0]!.headers;
  assert.deepEqual(valuesOf(sent, 'webhook-signature'), ['v1,theirs']);
  assert.deepEqual(valuesOf(sent, 'authorization'), ['Bearer t']);
  assert.deepEqual(valuesOf(sent, 'idempotency-key'), [DELIVERY_ID]);
});

test('keeps its connection for the next request', async () => {
  await using server = await startRawServer((socket) => socket.write(OK));
  await using forward = openForward(server.url, {}, { concurrency: 1 });
  for (let attempt = 1; attempt <= 5; attempt++) await forward.handle(anEvent(), contextWith({ attempt }));
  assert.equal(server.requests.length, 5);
  assert.equal(server.connections(), 1);
});

test('opens no more connections than its concurrency', async () => {
  await using server = await startRawServer((socket) => setImmediate(() => socket.write(OK)));
  await using forward = openForward(server.url, {}, { concurrency: 3 });
  await Promise.all(Array.from({ length: 20 }, () => forward.handle(anEvent(), contextWith())));
  assert.equal(server.requests.length, 20);
  assert.ok(server.connections() <= 3, `${server.connections()} connections`);
});
