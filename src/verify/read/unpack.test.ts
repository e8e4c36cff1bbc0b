import assert from 'node:assert/strict';
import test from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { UNPACKED_BYTES_MAX } from '../limits.ts';
import { viewOf } from './signed-request.ts';
import { unpackBody } from './unpack.ts';

const TEXT = Buffer.from('{"id":1}');

test('undoes codings, the last one first', () => {
  assert.deepEqual(Buffer.from(unpackBody(gzipSync(deflateSync(TEXT)), 'Deflate, GZIP')!), TEXT);
  assert.equal(unpackBody(TEXT, ''), TEXT);
  assert.equal(unpackBody(TEXT, 'identity'), TEXT);
});

test('is null for other bytes, unknown codings and too many', () => {
  for (const encoding of [
    'gzip',
    'br',
    'deflate',
    'zstd',
    'constructor',
    'identity, identity, identity',
    ',',
  ]) {
    assert.equal(unpackBody(Buffer.from('{"x":"no coding"}'), encoding), null, encoding);
  }
});

test('is null beyond the bound, however small the packed bytes are', () => {
  const most = Buffer.alloc(UNPACKED_BYTES_MAX);
  assert.equal(unpackBody(gzipSync(most), 'gzip')?.length, UNPACKED_BYTES_MAX);
  const more = Buffer.alloc(UNPACKED_BYTES_MAX + 1);
  assert.equal(unpackBody(gzipSync(more), 'gzip'), null);
  assert.equal(unpackBody(brotliCompressSync(more), 'br'), null);
});

test('a body is unreadable when it is not what it says', () => {
  const isUnreadable = (body: string | Uint8Array, ...headers: string[]) =>
    viewOf({ method: 'POST', url: 'https://h/', headers, body: Buffer.from(body as string) }).isUnreadable;
  const json = ['content-type', 'application/json'];
  assert.ok(isUnreadable('{"a":', ...json));
  assert.ok(isUnreadable('{"a":'), 'begins as an object');
  assert.ok(isUnreadable(TEXT, ...json, 'content-encoding', 'gzip'));
  assert.ok(isUnreadable('a=%zz', 'content-type', 'application/x-www-form-urlencoded'));
  assert.ok(isUnreadable('--X', 'content-type', 'multipart/form-data; boundary=X'));
  assert.ok(!isUnreadable('', ...json));
  assert.ok(!isUnreadable('\ufeff {"a":1}', ...json));
  assert.ok(!isUnreadable('[note] hello', 'content-type', 'text/plain'));
  assert.ok(!isUnreadable('a=b', 'content-type', 'application/x-www-form-urlencoded'));
  assert.ok(!isUnreadable(TEXT, 'content-type', 'application/x-www-form-urlencoded'));
  assert.ok(!isUnreadable(gzipSync(TEXT), ...json, 'content-encoding', 'gzip'));
});
