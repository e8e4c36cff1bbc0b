import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { startSources } from './sources-support.ts';
import { post } from './support.ts';

const SECRET = 's';
const verification = (signed: string | readonly string[] = '{body}') => ({
  schemes: [{ alg: 'hmac' as const, sig: { from: 'header:X-Sig', enc: 'hex' as const }, signed }],
  secrets: [SECRET],
  identity: { idempotencyKey: ['{body:/id}', '{form:id}'], eventType: ['{body:/type}', '{form:type}'] },
});
const signatureOf = (body: Uint8Array) => createHmac('sha256', SECRET).update(body).digest('hex');

describe('a body as people send it', () => {
  const json = Buffer.from('{"id":"e-1","type":"order.created"}');
  const part = (name: string, value: string) =>
    `--X\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const multipart = Buffer.from(`${part('id', 'e-1')}${part('type', 'order.created')}--X--\r\n`);
  const cases: readonly (readonly [string, Uint8Array, Readonly<Record<string, string>>])[] = [
    ['a byte order mark', Buffer.concat([Buffer.from('\ufeff'), json]), {}],
    ['UTF-16', Buffer.from(`\ufeff${json}`, 'utf16le'), {}],
    ['gzip', gzipSync(json), { 'content-encoding': 'gzip' }],
    ['deflate', deflateSync(json), { 'content-encoding': 'deflate' }],
    ['br', brotliCompressSync(json), { 'content-encoding': 'br' }],
    ['multipart', multipart, { 'content-type': 'multipart/form-data; boundary=X' }],
    [
      'a form with gzip',
      gzipSync('id=e-1&type=order.created'),
      { 'content-encoding': 'gzip', 'content-type': 'application/x-www-form-urlencoded' },
    ],
  ];
  for (const [what, body, headers] of cases) {
    it(`is read with ${what}, and kept as it came`, async (t) => {
      const { url, store } = await startSources(t, { sources: { partner: verification() } });
      const answer = await post(`${url}/webhooks/partner`, body as never, {
        'content-type': 'application/json',
        ...headers,
        'x-sig': signatureOf(body),
      });
      assert.equal(answer.status, 202, answer.text);
      const { id, idempotency_key: key } = answer.json as { id: string; idempotency_key: string };
      const event = (await store.readEvent(id))!;
      assert.deepEqual([key, event.eventType], ['e-1', 'order.created']);
      assert.deepEqual(Buffer.from(event.body), Buffer.from(body));
    });
  }

  it('may be signed before it was packed, where the scheme says so', async (t) => {
    const { url } = await startSources(t, {
      sources: { sent: verification(), either: verification(['{body}', '{body:unpacked}']) },
    });
    const packed = gzipSync(json);
    const send = async (source: string, signed: Uint8Array) =>
      (
        await post(`${url}/webhooks/${source}`, packed as never, {
          ...{ 'content-type': 'application/json', 'content-encoding': 'gzip' },
          'x-sig': signatureOf(signed),
        })
      ).status;
    assert.equal(await send('sent', json), 401);
    assert.equal(await send('either', json), 202);
    assert.equal(await send('either', packed), 200);
    assert.equal(await send('either', Buffer.from('{}')), 401);
  });
});
