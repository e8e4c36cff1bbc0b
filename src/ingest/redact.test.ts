import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PROVIDERS } from '../verify/providers/index.ts';
import type { Scheme } from '../verify/scheme.ts';
import { createRedact } from './redact.ts';

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

  it('takes out every header and parameter that is called like a secret, in any casing', () => {
    const names = [
      'X-Auth-Token',
      'X-App-SECRET',
      'x-password',
      'X-Passwd',
      'Api-Key',
      'ApiKey',
      'X-Session-Id',
    ];
    const { url, headers } = redacted(
      [HMAC],
      '/webhooks/a?x=1&TOKEN=s&client_secret=s&key=s&code=s&password=s&sig=s&api%4Bey=s&country_code=DE',
      names.flatMap((name) => [name, 's']),
    );
    assert.deepEqual(
      headers,
      names.flatMap((name) => [name, '[redacted]']),
    );
    const hidden = ['TOKEN', 'client_secret', 'key', 'code', 'password', 'sig', 'api%4Bey'];
    const query = hidden.map((name) => `${name}=[redacted]`).join('&');
    assert.equal(url, `/webhooks/a?x=1&${query}&country_code=DE`);
  });

  it('leaves what the scheme reads, and what names the event', () => {
    const scheme: Scheme = {
      alg: 'hmac',
      sig: { from: 'header:X-Auth-Signature' },
      ts: { from: 'header:X-Auth-Timestamp' },
      signed: '{header:X-Token-Id}.{query:key}.{body}',
    };
    const sent = [
      'X-Auth-Signature',
      'a',
      'X-Auth-Timestamp',
      '1',
      'X-Token-Id',
      'b',
      'X-Session-Event',
      'c',
    ];
    const redact = createRedact([scheme], ['{header:x-session-event}', '{query:code}']);
    const request = { method: 'POST', contentType: '', body: new Uint8Array() };
    const { url, headers } = redact({ ...request, url: '/a?key=k&code=c&token=t', headers: sent });
    assert.deepEqual(headers, sent);
    assert.equal(url, '/a?key=k&code=c&token=[redacted]');
  });

  it('leaves the query where the URL is signed, but for the token', () => {
    const signs: Scheme = { alg: 'hmac', sig: { from: 'header:X-Sig' }, signed: '{url}{body}' };
    const token: Scheme = { alg: 'token', sig: { from: 'query:code' } };
    assert.equal(redacted([signs], '/a?key=k&code=c', []).url, '/a?key=k&code=c');
    assert.equal(redacted([signs, token], '/a?key=k&code=c', []).url, '/a?key=k&code=[redacted]');
  });

  it('leaves a JWT where it is verified, and no other credential in its place', () => {
    const schemes: Scheme[] = [
      { alg: 'jwt', sig: { from: 'header:Authorization' }, jwt: { algs: ['HS256'], keys: 'secret' } },
    ];
    const of = (value: string) => redacted(schemes, '/a', ['authorization', value]).headers[1];
    assert.equal(of('Bearer a.b.c'), 'Bearer a.b.c');
    assert.equal(of('Basic dTpw'), '[redacted]');
    assert.equal(redacted([HMAC], '/a', ['authorization', 'Bearer a.b.c']).headers[1], '[redacted]');
  });

  it('leaves of every provider what its schemes and names read, tokens aside', () => {
    for (const { id, schemes, idempotencyKey, eventType } of PROVIDERS) {
      const tokens = JSON.stringify(schemes.filter(({ alg }) => alg === 'token' || alg === 'basic'));
      const kept = JSON.stringify([
        schemes.filter(({ alg }) => !['token', 'basic', 'jwt'].includes(alg)),
        eventType,
      ])
        .concat(JSON.stringify(idempotencyKey))
        .matchAll(/\bheader:([\w-]+)/g);
      const keys = idempotencyKey.map((key) => (typeof key === 'string' ? key : key.of));
      const redact = createRedact(schemes, [...keys, ...eventType]);
      for (const [locator, name] of kept) {
        if (tokens.includes(locator)) continue;
        const request = {
          method: 'POST',
          url: '/',
          contentType: '',
          body: new Uint8Array(),
          headers: [name!, 'a.b.c'],
        };
        assert.equal(redact(request).headers[1], 'a.b.c', `${id}: ${name}`);
      }
    }
  });
});
