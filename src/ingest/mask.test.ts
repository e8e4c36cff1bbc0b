import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePointer } from '../verify/read/json-pointer.ts';
import { MASKED_BODY_BYTES, maskRequest, type Shown } from './mask.ts';
import { createRedact } from './redact.ts';

const request = {
  url: '/webhooks/shop?token=t0ken&page=2&flag',
  headers: [
    'Authorization',
    'Bearer a.b.c',
    'X-Shop-Signature',
    'abc',
    'Content-Type',
    'application/json',
    'Cookie',
    'c',
  ],
  body: Buffer.from('{"card":{"number":"4242"},"n":1}'),
};
const show = (shown: Shown, pointers: readonly string[] = [], body: Uint8Array | null = request.body) => {
  const rules = { redact: createRedact([]), pointers: pointers.map((pointer) => parsePointer(pointer)!) };
  const masked = maskRequest({ ...request, body }, shown, rules);
  return { ...masked, body: masked.body === null ? null : Buffer.from(masked.body).toString() };
};

describe('what is shown of a request', () => {
  it('revealed, is all of it', () => {
    assert.deepEqual(show('revealed', ['/card']), { ...request, body: request.body.toString() });
  });

  it('unmasked, has no credentials and not what the pointers name', () => {
    const { url, headers, body } = show('unmasked', ['/card/number']);
    assert.equal(url, '/webhooks/shop?token=[redacted]&page=2&flag');
    assert.deepEqual(headers, [
      ...['Authorization', '[redacted]', 'X-Shop-Signature', 'abc'],
      ...['Content-Type', 'application/json', 'Cookie', '[redacted]'],
    ]);
    assert.equal(body, '{"card":{"number":"[redacted]"},"n":1}');
    assert.equal(show('unmasked').body, request.body.toString());
  });

  it('in shape, has names and no values', () => {
    const { url, headers, body } = show('shape');
    assert.equal(url, '/webhooks/shop?token=[redacted]&page=[redacted]&[redacted]');
    assert.deepEqual(
      headers.filter((_, at) => at % 2 === 1),
      ['[redacted]', '[redacted]', 'application/json', '[redacted]'],
    );
    assert.equal(body, '{"card":{"number":"[redacted]"},"n":"[redacted]"}');
  });

  it('of a body that is not JSON, or too long, is nothing where parts would be masked', () => {
    const others = [
      Buffer.from('card=4242'),
      Buffer.from('{"card":'),
      Buffer.from([0x7b, 0xff, 0x7d]),
      Buffer.from('{"a":1} {"b":2}'),
      Buffer.from(JSON.stringify('x'.repeat(MASKED_BODY_BYTES))),
    ];
    for (const body of others) {
      assert.equal(show('unmasked', ['/card'], body).body, '[redacted]');
      assert.equal(show('shape', [], body).body, '[redacted]');
      assert.equal(show('unmasked', [], body).body, body.toString());
    }
    assert.equal(show('shape', ['/card'], null).body, null);
    assert.equal(show('shape', ['/card'], Buffer.alloc(0)).body, '');
  });
});
