import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../../testkit/fake-clock.ts';
import { systemClock } from '../../runtime/clock.ts';
import { startRawServer } from '../testing.ts';
import { type ClientOptions, openClient } from './open-client.ts';
import { writeRequest } from './write-request.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const REQUEST = { method: 'POST', host: 'h', path: '/', headers: [], body: new Uint8Array() };
const NEVER = new AbortController().signal;

/** A client of the server at the URL, closed by `await using`. */
function open(url: string, options: Partial<ClientOptions> = {}) {
  const client = openClient(new URL(url), {
    connections: 1,
    connectTimeoutMs: 5000,
    answerTimeoutMs: 5000,
    bodyWaitMs: 1000,
    clock: systemClock,
    ...options,
  });
  return {
    send: (body: Uint8Array = new Uint8Array()) =>
      client.send(writeRequest({ ...REQUEST, host: new URL(url).host, body }), NEVER),
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}

/** What a server does with its second request, on the connection that the first one came by. */
const STALE: Readonly<Record<string, (socket: Socket) => void>> = {
  'closes it': (socket) => socket.end(),
  'resets it': (socket) => socket.resetAndDestroy(),
};

describe('a reused connection', () => {
  for (const [name, end] of Object.entries(STALE)) {
    test(`whose server ${name} before a byte of the answer: the request is sent again on a new one`, async () => {
      await using server = await startRawServer((socket, _, count) => {
        if (count === 2) end(socket);
        else socket.write(OK);
      });
      await using client = open(server.url);
      await client.send();
      assert.equal((await client.send(Buffer.from('again'))).status, 200);
      assert.equal(server.connections(), 2);
      assert.deepEqual(
        server.requests.map(({ body }) => body.toString()),
        ['', 'again', 'again'],
      );
    });
  }

  test('is given up with a failure once a byte of the answer has come', async () => {
    await using server = await startRawServer((socket, _, count) => {
      if (count === 1) socket.write(OK);
      else socket.end('HTTP/1.1 1');
    });
    await using client = open(server.url);
    await client.send();
    await assert.rejects(client.send(), { code: 'ERR_CONNECTION_CLOSED' });
    assert.equal(server.requests.length, 2);
  });

  test('costs one repetition and no more', async () => {
    await using server = await startRawServer((socket, _, count) => {
      if (count === 1) socket.write(OK);
      else socket.end();
    });
    await using client = open(server.url);
    await client.send();
    await assert.rejects(client.send(), { code: 'ERR_CONNECTION_CLOSED' });
    assert.equal(server.requests.length, 3);
  });

  test('a new connection that is closed without an answer is a failure', async () => {
    await using server = await startRawServer((socket) => socket.end());
    await using client = open(server.url);
    await assert.rejects(client.send(), { code: 'ERR_CONNECTION_CLOSED' });
    assert.equal(server.requests.length, 1);
  });

  test('takes no request after bytes that came unasked, such as a 408 before it is closed', async () => {
    await using server = await startRawServer((socket, _, count) => {
      socket.write(OK);
      if (count === 1) socket.end('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n');
    });
    await using client = open(server.url);
    await client.send();
    await server.allClosed();
    assert.equal((await client.send()).status, 200);
  });

  test('is closed when it is idle for longer than the server keeps it', async () => {
    const clock = createFakeClock();
    await using server = await startRawServer((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=9\r\ncontent-length: 0\r\n\r\n'),
    );
    await using client = open(server.url, { clock });
    await client.send();
    await clock.advance(2_999);
    await client.send();
    assert.equal(server.connections(), 1);
    await clock.advance(3_000);
    await server.allClosed();
    await client.send();
    assert.equal(server.connections(), 2);
  });

  test('carries no request when it is older than a minute, however busy it is', async () => {
    const clock = createFakeClock();
    await using server = await startRawServer((socket) => socket.write(OK));
    await using client = open(server.url, { clock });
    for (let second = 0; second < 60; second += 1) {
      await client.send();
      await clock.advance(1_000);
    }
    assert.equal(server.connections(), 2);
    // Nothing depends on wall time, which may step back.
    assert.equal(clock.nextDueAtMs() === null || clock.nextDueAtMs()! <= clock.nowMs() + 60_000, true);
  });
});

describe('an answer with a status', () => {
  const answered = async (answer: string, end: (socket: Socket) => void) => {
    await using server = await startRawServer((socket) => {
      socket.write(answer);
      end(socket);
    });
    await using client = open(server.url, { bodyWaitMs: 50 });
    const { status, body } = await client.send();
    await server.allClosed();
    return `${status} ${Buffer.from(body)}`;
  };

  test('decides when the connection ends, breaks or stalls behind it', async () => {
    const half = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf';
    assert.equal(await answered(half, (socket) => socket.end()), '200 half');
    assert.equal(await answered(half, () => {}), '200 half');
    assert.equal(await answered('HTTP/1.1 201 Created\r\nX-A', () => {}), '201 ');
    assert.equal(await answered('HTTP/1.1 201 Created', (socket) => socket.end()), '201 ');
    assert.equal(
      await answered('HTTP/1.0 200 OK\r\n\r\nto the end', (socket) => socket.end()),
      '200 to the end',
    );
  });
});

test('what HTTP/1.1 cannot carry is refused before anything is sent', () => {
  const headers = [
    ['X-A', 'a\r\nX-B: b'],
    ['X A', 'a'],
    ['X-A', '\u20ac'],
    ['', 'a'],
  ];
  const requests = [
    ...headers.map((header) => ({ ...REQUEST, headers: header })),
    ...['/a b', '/a\r\nX-B: b', '/\u20ac', ''].map((path) => ({ ...REQUEST, path })),
    { ...REQUEST, method: 'PO ST' },
  ];
  for (const request of requests) {
    assert.throws(() => writeRequest(request), { code: 'ERR_INVALID_REQUEST' }, JSON.stringify(request));
  }
});

test('an empty body has a length only where one is expected', () => {
  const lengthOf = (method: string, body = '') => {
    const { chunks } = writeRequest({ ...REQUEST, method, body: Buffer.from(body) });
    return /content-length: (\d+)/.exec(Buffer.concat(chunks).toString())?.[1];
  };
  for (const method of ['POST', 'PUT', 'PATCH']) assert.equal(lengthOf(method), '0', method);
  for (const method of ['GET', 'HEAD', 'DELETE']) assert.equal(lengthOf(method), undefined, method);
  assert.equal(lengthOf('DELETE', 'abc'), '3');
});

test('a body that is too large to be copied is sent whole', async () => {
  await using server = await startRawServer((socket) => socket.write(OK));
  await using client = open(server.url);
  const body = Buffer.alloc(1_000_000, 'abc');
  await client.send(body);
  assert.deepEqual(server.requests[0]?.body, body);
});
