import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Provider } from '../verify/provider.ts';
import { PROVIDERS } from '../verify/providers/index.ts';
import { describeHandshake, describeProvider, listNeeds } from './describe-provider.ts';
import { describeScheme } from './describe-scheme.ts';

const sig = { from: 'header:X-Sig' };

describe('a scheme in words', () => {
  for (const [scheme, words] of [
    [{ alg: 'hmac', sig }, 'HMAC-SHA256 of `{body}`, hex in the header `X-Sig`'],
    [
      {
        alg: 'hmac',
        hash: 'sha1',
        sig: { from: 'header:S', split: ',', kv: '=', key: ['v1', 'v2'], enc: 'base64' },
        ts: { from: 'sig:t', unit: 'ms', tol: 5 },
        signed: ['{ts}.{body}', '{body}'],
        key: { enc: 'hex' },
      },
      'HMAC-SHA1 of `{ts}.{body}` or `{body}`, base64 in `v1` or `v2` of the header `S`; the key is the secret decoded from hex; timestamp in `t` of the same header (milliseconds), at most 5 s from now',
    ],
    [
      { alg: 'hmac', sig: { ...sig, prefix: 'sha256=', split: ' ' }, when: { header: 'A', noQuery: 'b' } },
      'HMAC-SHA256 of `{body}`, hex in the header `X-Sig` behind `sha256=` (a list, of which any may fit) (if there is a header `A`, unless the URL has `b`)',
    ],
    [
      { alg: 'token', sig: { from: 'body:/state' }, equals: 'param:state', each: 'body:/value' },
      'the value of the parameter `state`, in `/state` of the body, for every item of `/value` of the body',
    ],
    [{ alg: 'basic' }, 'user name and password of HTTP Basic, in the header `Authorization`'],
    [
      { alg: 'jwt', sig, jwt: { algs: ['RS256'], aud: '{url}', keys: 'secret', bodyHash: 'h' } },
      'JWT RS256, in the header `X-Sig`, with the claims aud `{url}`, h the SHA-256 of the body',
    ],
  ] as const) {
    it(words, () => assert.equal(describeScheme(scheme), words));
  }
});

describe('a provider in words', () => {
  it('has every topic that there is something on', () => {
    const provider: Provider = {
      id: 'x',
      name: 'X',
      aliases: ['ex'],
      family: 'body',
      needs: [
        { option: 'secret', what: 'The secret.', optional: true },
        { option: 'params.a', what: 'A.', oneOf: 'ab' },
        { option: 'params.b', what: 'B.', oneOf: 'ab' },
      ],
      schemes: [{ alg: 'hmac', sig }],
      idempotencyKey: ['{header:X-Id}', '{body:/id}'],
      marks: [{ when: ['body:/at'], windowSeconds: 5_400, source: 'documented' }],
      sharedBy: 'twins',
      replayKey: '{body_sha256_hex}',
      eventType: [],
      reply: { status: 200, body: '' },
      notes: ['Beware.'],
    };
    assert.deepEqual(
      describeProvider(provider).map(({ topic, lines }) => [topic, lines.join(' | ')]),
      [
        ['Also called', '`ex`'],
        ['Verified', 'HMAC-SHA256 of `{body}`, hex in the header `X-Sig`'],
        [
          'Needs',
          '`secret`: The secret. (optional) | `params.a`: A. (or `params.b`) | `params.b`: B. (or `params.a`)',
        ],
        [
          'Idempotency key',
          '`{header:X-Id}`, as long as the event is kept; else `{body:/id}`, as long as the event is kept; else the SHA-256 of the body, where `body:/at` is there, for 90 minutes (documented); else every request is a new event. Genuine events that could share it: twins. With `replayWindowSeconds`, a captured request under another id is recognised by `{body_sha256_hex}`.',
        ],
        ['Event type', '`unknown`'],
        ['Answer', '200 without a body'],
        ['Notes', 'Beware.'],
      ],
    );
    assert.equal(listNeeds(provider.needs), '`secret` (optional), `params.a` or `params.b`');
  });

  it('has its handshakes with what proves them', () => {
    const base = {
      name: 'check',
      method: 'GET',
      signed: false,
      reply: { status: 200, body: '{query:c}' },
    } as const;
    assert.equal(
      describeHandshake({ ...base, when: { query: 'c', noHeader: 'x' }, secretAt: 'query:t' }),
      'check: GET with no header `x`, query `c`, answered if the query parameter `t` is the secret, with 200 `{query:c}`',
    );
    assert.equal(
      describeHandshake({ ...base, signed: true, action: { kind: 'keep-event' } }),
      'check: GET, answered once its signature is verified, with 200 `{query:c}`, and stored as an event',
    );
  });

  it('can be given for all that are declared', () => {
    for (const provider of PROVIDERS) {
      for (const { topic, lines } of describeProvider(provider)) {
        assert.ok(lines.length > 0, topic);
        for (const line of lines) assert.doesNotMatch(line, /undefined|\n/, `${provider.id}: ${topic}`);
      }
    }
  });
});
