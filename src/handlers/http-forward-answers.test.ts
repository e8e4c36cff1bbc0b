import assert from 'node:assert/strict';
import test from 'node:test';
import { anEvent } from '../../testkit/builders.ts';
import { RESPONSE_EXCERPT_BYTES } from '../domain/attempt.ts';
import { DestinationError } from './handler.ts';
import type { HttpTarget } from './http-forward.ts';
import { contextWith, openForward, startRawServer } from './testing.ts';

/** What the forwarder makes of an answer: the error of it. */
async function failureOf(answer: string, target: Partial<HttpTarget> = {}): Promise<DestinationError> {
  await using server = await startRawServer((socket) => socket.write(answer));
  await using forward = openForward(`${server.url}/hooks?token=hidden`, target);
  const error = await forward.handle(anEvent(), contextWith()).then(
    () => assert.fail('was taken as success'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DestinationError);
  assert.doesNotMatch(error.message, /hidden/);
  return error;
}

test('completes on any 2xx', async () => {
  const answers = ['202 Accepted\r\ncontent-length: 0', '204 No Content', '299 Odd\r\ncontent-length: 0'];
  await using server = await startRawServer((socket, _, count) =>
    socket.write(`HTTP/1.1 ${answers[count - 1]}\r\n\r\n`),
  );
  await using forward = openForward(server.url);
  for (const httpStatus of [202, 204, 299]) {
    const reply = await forward.handle(anEvent(), contextWith());
    assert.deepEqual(reply, { httpStatus, responseExcerpt: null });
  }
});

test('retries what is neither 2xx nor permanent, and keeps the answer', async () => {
  const error = await failureOf('HTTP/1.1 500 Oops\r\ncontent-length: 4\r\nretry-after: 9\r\n\r\nboom');
  assert.equal(error.message, 'answered 500 Internal Server Error');
  assert.deepEqual(error.reply, { httpStatus: 500, responseExcerpt: 'boom' });
  assert.equal(error.permanent, false);
  assert.equal(error.retryAfterMs, null);
});

test('fails at once on 410 and on what the destination lists', async () => {
  assert.equal((await failureOf('HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n')).permanent, true);
  const unprocessable = 'HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n';
  assert.equal((await failureOf(unprocessable)).permanent, false);
  assert.equal((await failureOf(unprocessable, { permanentStatuses: [400, 422] })).permanent, true);
});

test('honours Retry-After on 429 and 503', async () => {
  for (const status of [429, 503]) {
    const error = await failureOf(`HTTP/1.1 ${status} X\r\nRetry-After: 120\r\ncontent-length: 0\r\n\r\n`);
    assert.equal(error.retryAfterMs, 120_000);
    assert.equal(error.permanent, false);
  }
});

test('follows no redirect, and says where it led without the query', async () => {
  const location = 'https://u:p@other.example/new?token=hidden';
  const error = await failureOf(`HTTP/1.1 308 X\r\nLocation: ${location}\r\ncontent-length: 0\r\n\r\n`);
  assert.equal(
    error.message,
    'answered 308 Permanent Redirect to https://other.example/new; redirects are not followed',
  );
  assert.equal(error.permanent, false);
  assert.equal(error.reply.httpStatus, 308);
});

test('takes the headers of the answer for what they are, whatever the body does', async () => {
  const half = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf';
  await using server = await startRawServer((socket) => socket.end(half));
  await using forward = openForward(server.url);
  const reply = await forward.handle(anEvent(), contextWith());
  assert.deepEqual(reply, { httpStatus: 200, responseExcerpt: 'half' });
});

test('stops reading an endless body, gives its connection up and goes on with another', async () => {
  await using server = await startRawServer((socket, _, count) => {
    if (count > 1) return socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const pour = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(16_384, 'x')));
    };
    socket.on('drain', pour);
    return pour();
  });
  await using forward = openForward(server.url, {}, { concurrency: 1 });
  const reply = await forward.handle(anEvent(), contextWith());
  assert.equal(reply?.httpStatus, 200);
  assert.equal(reply?.responseExcerpt, 'x'.repeat(RESPONSE_EXCERPT_BYTES));
  await server.allClosed();
  assert.equal((await forward.handle(anEvent(), contextWith()))?.httpStatus, 200);
});

test('does not wait for a body that stalls: the status has decided', async () => {
  await using server = await startRawServer((socket) =>
    socket.write('HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\nbegun'),
  );
  await using forward = openForward(server.url, {}, { timeoutMs: 100 });
  const reply = await forward.handle(anEvent(), contextWith());
  assert.deepEqual(reply, { httpStatus: 201, responseExcerpt: 'begun' });
  await server.allClosed();
});

test('reuses the connection after a body somewhat longer than the excerpt', async () => {
  const body = 'y'.repeat(RESPONSE_EXCERPT_BYTES * 20);
  await using server = await startRawServer((socket) =>
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
  );
  await using forward = openForward(server.url, {}, { concurrency: 1 });
  await forward.handle(anEvent(), contextWith());
  await forward.handle(anEvent(), contextWith());
  assert.equal(server.connections(), 1);
});
