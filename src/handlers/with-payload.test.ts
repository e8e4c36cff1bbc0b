import assert from 'node:assert/strict';
import test from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { anEvent } from '../../testkit/builders.ts';
import { PermanentError } from '../domain/errors.ts';
import { withPayload } from './with-payload.ts';

const jsonEvent = (value: unknown) =>
  anEvent({ idempotencyKey: 'k', eventType: 't', body: Buffer.from(JSON.stringify(value)) });

test('is the payload of an envelope', () => {
  const envelope = { idempotency_key: 'k', event_type: 't', payload: { a: 1 }, more: true };
  assert.deepEqual(withPayload(jsonEvent(envelope)).payload, { a: 1 });
});

test('is the whole body of anything else', () => {
  const others = [
    { idempotency_key: 'another', event_type: 't', payload: {} },
    { idempotency_key: 'k', event_type: 'another', payload: {} },
    { idempotency_key: 'k', event_type: 't', payload: [] },
    { payload: {} },
  ];
  for (const body of [...others, null, 0, 'text', [1]]) {
    assert.deepEqual(withPayload(jsonEvent(body)).payload, body);
  }
});

test('parses once, and only when asked', () => {
  const event = withPayload(jsonEvent({ a: 1 }));
  assert.equal(event.payload, event.payload);
  assert.equal(withPayload(anEvent({ body: Buffer.from('no JSON') })).source, 'default');
});

test('is a permanent error when the body is not JSON, without quoting it', () => {
  for (const body of [Buffer.from('{"card":"4242" '), Buffer.from([0x22, 0xff, 0x22]), Buffer.alloc(0)]) {
    const event = withPayload(anEvent({ body, contentType: 'text/plain' }));
    const isIt = (error: unknown) =>
      error instanceof PermanentError && /not JSON \(content type text\/plain\)$/.test(error.message);
    assert.throws(() => event.payload, isIt);
    assert.throws(() => event.payload, isIt);
  }
});

test("reads a form's fields, repeated ones as arrays", () => {
  const body = Buffer.from('command=%2Fdeploy&text=now+please&tag=a&tag=b&__proto__=x');
  const event = withPayload(
    anEvent({ body, contentType: 'application/x-www-form-urlencoded; charset=utf-8' }),
  );
  const expected = { command: '/deploy', text: 'now please', tag: ['a', 'b'] };
  assert.deepEqual({ ...(event.payload as object) }, { ...expected, ['__proto__']: 'x' });
});

test("reads a multipart form's text fields, and leaves files out", () => {
  const part = (head: string, text: string) =>
    `--XX\r\nContent-Disposition: form-data; ${head}\r\n\r\n${text}\r\n`;
  const body = Buffer.from(
    `${part('name="json"', '{"a":1}')}${part('name="file"; filename="x"', 'bytes')}--XX--\r\n`,
  );
  const event = withPayload(anEvent({ body, contentType: 'multipart/form-data; boundary=XX' }));
  assert.deepEqual({ ...(event.payload as object) }, { json: '{"a":1}' });
  const broken = withPayload(anEvent({ body, contentType: 'multipart/form-data' }));
  assert.throws(() => broken.payload, /is not a form of UTF-8 text/);
});

test('reads a body as it was before its encoding, and without a byte order mark', () => {
  const json = Buffer.from('\ufeff{"a":1}');
  for (const [encoding, body] of [
    ['gzip', gzipSync(json)],
    ['deflate', deflateSync(json)],
    ['deflate', deflateRawSync(json)],
    ['br', brotliCompressSync(json)],
    ['deflate, gzip', gzipSync(deflateSync(json))],
    ['identity', json],
    ['identity', Buffer.from('\ufeff{"a":1}', 'utf16le')],
  ] as const) {
    const event = anEvent({ body, headers: ['Content-Encoding', encoding] });
    assert.deepEqual(withPayload(event).payload, { a: 1 }, encoding);
  }
  const wrong = withPayload(anEvent({ body: json, headers: ['content-encoding', 'gzip'] }));
  assert.throws(() => wrong.payload, /Content-Encoding cannot be undone/);
});
