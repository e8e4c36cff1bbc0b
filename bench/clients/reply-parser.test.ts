import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReply } from './reply-parser.ts';

const TEXT = 'HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\n{"é';

test('a reply is whole once its length is there', () => {
  const bytes = Buffer.from(TEXT);
  assert.equal(parseReply(bytes.subarray(0, 10)), null);
  assert.equal(parseReply(bytes.subarray(0, bytes.length - 1)), null);
  assert.deepEqual(parseReply(bytes), { reply: { status: 202, body: '{"é' }, length: bytes.length });
});

test('what follows belongs to the next reply', () => {
  const bytes = Buffer.from(`${TEXT}HTTP/1.1 200 OK`);
  assert.equal(parseReply(bytes)?.length, Buffer.byteLength(TEXT));
});

test('a reply without a length is an error', () => {
  assert.throws(
    () => parseReply(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')),
    /cannot read/,
  );
});
