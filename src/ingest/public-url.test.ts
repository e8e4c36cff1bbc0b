import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPublicUrl } from './public-url.ts';

function urlOf(own: string | null, base: string | null, url: string, headers: readonly string[] = []) {
  return createPublicUrl(
    own,
    base,
  )({
    method: 'POST',
    url,
    headers,
    contentType: '',
    body: new Uint8Array(),
  });
}

describe('createPublicUrl', () => {
  it("goes by the source's own URL, with the query as it came", () => {
    const own = 'https://hooks.example.com/in/x?a=1';
    assert.equal(
      urlOf(own, 'https://other', '/webhooks/x?a=1&b=%20'),
      'https://hooks.example.com/in/x?a=1&b=%20',
    );
    assert.equal(urlOf(own, null, '/webhooks/x'), own);
  });

  it('puts the path behind the public URL of the receiver', () => {
    assert.equal(
      urlOf(null, 'https://hooks.example.com/prefix/', '/webhooks/x?y=1'),
      'https://hooks.example.com/prefix/webhooks/x?y=1',
    );
  });

  it("else believes the request's own host", () => {
    assert.equal(
      urlOf(null, null, '/webhooks/x', ['A', 'host', 'HOST', 'h:8000']),
      'http://h:8000/webhooks/x',
    );
    assert.equal(urlOf(null, null, '/webhooks/x', []), 'http://localhost/webhooks/x');
  });
});
