import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRedact } from './redact.ts';
import type { Scheme } from './verify/scheme.ts';

const HMAC: Scheme = { alg: 'hmac', sig: { from: 'header:X-Signature' } };

function redacted(schemes: readonly Scheme[], url: string, headers: readonly string[]) {
  return createRedact(schemes)({ method: 'POST', url, headers, contentType: '', body: new Uint8Array() });
}

describe('createRedact', () => {
  it('takes out what is a secret whoever sends it, in any casing and repetition', () => {
    const sent = [
      ...['Host', 'x', 'COOKIE', 'a=b', 'Authorization', 'Bearer x', 'authorization', 'Basic y'],
      ...['Proxy-Authorization', 'z', 'X-Api-Key', 'k', 'X-Signature', 'ab12', 'Content-Type', 'cookie'],
    ];
    const { headers } = redacted([HMAC], '/webhooks/a?token=1', sent);
    assert.deepEqual(headers, [
      ...['Host', 'x', 'COOKIE', '[redacted]', 'Authorization', '[redacted]', 'authorization', '[redacted]'],
      ...['Proxy-Authorization', '[redacted]', 'X-Api-Key', '[redacted]', 'X-Signature', 'ab12'],
      ...['Content-Type', 'cookie'],
    ]);
  });

  it('leaves the query of a source whose secret is not there', () => {
    assert.equal(redacted([HMAC], '/webhooks/a?token=1', []).url, '/webhooks/a?token=1');
  });

  it('takes out the token of a source that has one, wherever it is', () => {
    const schemes: Scheme[] = [
      { alg: 'token', sig: { from: ['header:X-Gitlab-Token', 'query:code'] } },
      { alg: 'token', sig: { from: 'header:x-tokens-*' } },
    ];
    const { url, headers } = redacted(schemes, '/webhooks/a?x=1&code=s3cret&c%6Fde=again&code', [
      ...['x-gitlab-token', 's3cret', 'X-Tokens-1', 's3cret', 'X-Gitlab-Event', 'push'],
    ]);
    assert.equal(url, '/webhooks/a?x=1&code=[redacted]&c%6Fde=[redacted]&code=[redacted]');
    assert.deepEqual(headers, [
      ...['x-gitlab-token', '[redacted]', 'X-Tokens-1', '[redacted]', 'X-Gitlab-Event', 'push'],
    ]);
  });

  it('takes a name that does not decode as it is', () => {
    const schemes: Scheme[] = [{ alg: 'token', sig: { from: 'query:code' } }];
    assert.equal(redacted(schemes, '/a?%zz=1&code=2', []).url, '/a?%zz=1&code=[redacted]');
  });
});
