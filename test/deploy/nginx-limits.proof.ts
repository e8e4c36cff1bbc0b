import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { problemReply } from '../../src/http/problem.ts';
import { skipWithout } from '../../testkit/on-path.ts';
import { connectRaw, exchange, rawHead, rawPost } from '../../testkit/raw-http.ts';
import { nginxEnvironment } from './support/nginx.ts';
import { assertProblem, setUp } from './support/nginx-pair.ts';
import { anEvent, send } from './support/send.ts';

const skip = skipWithout('nginx');

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
