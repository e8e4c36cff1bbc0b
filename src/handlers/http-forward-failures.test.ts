import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import test from 'node:test';
import { anEvent } from '../../testkit/builders.ts';
import { DestinationError, type HandlerContext } from './handler.ts';
import type { HttpForwardOptions } from './http-forward.ts';
import { contextWith, openForward, SELF_SIGNED, startRawServer } from './testing.ts';

/** The error of a request that got no answer, which must be retried and give no secret away. */
async function failureOf(
  url: string,
  options: Partial<HttpForwardOptions> = {},
  context: Partial<HandlerContext> = {},
): Promise<DestinationError> {
  await using forward = openForward(`${url}/?token=hidden`, { headers: { 'X-Key': 'hidden' } }, options);
  const error = await forward.handle(anEvent(), contextWith(context)).then(
    () => assert.fail('was taken as success'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DestinationError);
  assert.equal(error.permanent, false);
  assert.equal(error.retryAfterMs, null);
  assert.deepEqual(error.reply, { httpStatus: null, responseExcerpt: null });
  assert.doesNotMatch(error.message, /hidden/);
  return error;
}

/** The error of a server that does this to every request. */
async function failureAfter(respond: (socket: Socket) => void): Promise<string> {
  await using server = await startRawServer(respond);
  return (await failureOf(server.url)).message;
}

test('a refused connection', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  const { message } = await failureOf(`http://127.0.0.1:${port}`);
  assert.equal(message, `127.0.0.1:${port}: the connection was refused (ECONNREFUSED)`);
});

test('a refused connection on all addresses of a name', async () => {
  const server = createServer();
  await once(server.listen(0, 'localhost'), 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  assert.match((await failureOf(`http://localhost:${port}`)).message, /ECONNREFUSED/);
});

test('a name that does not resolve', async () => {
  // An empty label: the resolver says no without asking the network.
  assert.match((await failureOf('http://a..b')).message, /^a\.\.b: the host name .*\((ENOTFOUND|EAI_\w+)\)$/);
});

test('a connection that is closed or reset instead of an answer', async () => {
  assert.match(
    await failureAfter((socket) => socket.end()),
    /closed before an answer came \(ERR_CONNECTION_CLOSED\)/,
  );
  assert.match(await failureAfter((socket) => socket.resetAndDestroy()), /reset \(ECONNRESET\)/);
});

test('an answer that is not HTTP', async () => {
  assert.match(
    await failureAfter((socket) => socket.write('220 smtp ready\r\n')),
    /not HTTP\/1\.1 \(ERR_NOT_HTTP\)/,
  );
});

test('no answer within the timeout', async () => {
  await using server = await startRawServer(() => {});
  const { message } = await failureOf(server.url, { timeoutMs: 50 });
  assert.match(message, /no answer in time \(ERR_ANSWER_TIMEOUT\)/);
  await server.allClosed();
});

test('an abort ends the request and its connection', async () => {
  const controller = new AbortController();
  await using server = await startRawServer(() => controller.abort(new Error('hidden')));
  const { message } = await failureOf(server.url, {}, { signal: controller.signal });
  assert.match(message, /aborted before an answer came/);
  await server.allClosed();
});

test('an abort before the start sends nothing', async () => {
  await using server = await startRawServer(() => {});
  await failureOf(server.url, {}, { signal: AbortSignal.abort() });
  assert.equal(server.connections(), 0);
});

test('an abort ends an attempt that still waits for a connection', async () => {
  await using server = await startRawServer(() => waiting.abort());
  const waiting = new AbortController();
  await using forward = openForward(server.url, {}, { concurrency: 1 });
  const first = new AbortController();
  const stuck = forward.handle(anEvent(), contextWith({ signal: first.signal }));
  const queued = forward.handle(anEvent(), contextWith({ signal: waiting.signal }));
  await assert.rejects(queued, /aborted/);
  first.abort();
  await assert.rejects(stuck, /aborted/);
  assert.equal(server.requests.length, 1);
});

test('closing ends what is under way', async () => {
  const forwarding = Promise.withResolvers<void>();
  await using server = await startRawServer(() => forwarding.resolve());
  await using forward = openForward(server.url);
  const handled = forward.handle(anEvent(), contextWith());
  handled.catch(() => {});
  await forwarding.promise;
  await forward.close();
  await assert.rejects(handled, DestinationError);
});

test('a server that does not speak TLS', async () => {
  const server = createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .end('220 smtp ready\r\n'),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  assert.match(
    (await failureOf(`https://127.0.0.1:${port}`)).message,
    /TLS could not be set up \((ERR_SSL_|EPROTO)/,
  );
  await once(server.close(), 'close');
});

test('a self-signed certificate; and HTTP/2, which would change the headers, is not offered', async () => {
  let offered: string[] = [];
  const ALPNCallback = ({ protocols }: { protocols: string[] }) => {
    offered = protocols;
    return 'http/1.1';
  };
  const server = createHttpsServer({ key: SELF_SIGNED, cert: SELF_SIGNED, ALPNCallback });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const { message } = await failureOf(`https://127.0.0.1:${port}`);
  assert.match(message, /the TLS certificate is self-signed \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
  assert.deepEqual(offered, ['http/1.1']);
  await once(server.close(), 'close');
});
