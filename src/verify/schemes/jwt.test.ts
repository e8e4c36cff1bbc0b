import assert from 'node:assert/strict';
import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { describe, it } from 'node:test';
import { compileVerifier, type VerifierOptions } from '../compile.ts';
import type { JwtScheme } from '../scheme.ts';
import { FetchError, type FetchText } from './fetch-keys.ts';

const NOW = 1_760_000_000;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const BODY = '{"a": 1}';
const BODY_HASH = createHash('sha256').update(BODY).digest('hex');

type Parts = Readonly<{ header?: object; claims?: object; key?: KeyObject | string }>;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token({ header = {}, claims = {}, key = rsa.privateKey }: Parts): string {
  const text = `${encode(header)}.${encode(claims)}`;
  const signature =
    typeof key === 'string'
      ? createHmac('sha256', key).update(text).digest()
      : sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

function jwk(key: KeyObject, more: object) {
  return { ...createPublicKey(key).export({ format: 'jwk' }), use: 'sig', ...more };
}

async function verdict(
  options: VerifierOptions,
  headers: readonly string[],
  nowMs = NOW * 1000,
  body = BODY,
) {
  const request = { method: 'POST', url: 'https://h.example/in', headers, body: Buffer.from(body) };
  const found = await compileVerifier(options).verify(request, nowMs);
  return found.ok ? 'ok' : found.reason;
}

describe('Pub/Sub', () => {
  const jwks = {
    keys: [jwk(rsa.privateKey, { kid: 'k1', alg: 'RS256' }), { kty: 'oct', kid: 'k2', k: 'YWJj' }],
  };
  const params = { audience: 'https://h.example/push', serviceAccount: 'push@p.iam.gserviceaccount.com' };
  const claims = {
    aud: params.audience,
    email: params.serviceAccount,
    email_verified: true,
    iss: 'https://accounts.google.com',
    iat: NOW,
    exp: NOW + 3600,
  };
  const header = { alg: 'RS256', kid: 'k1', typ: 'JWT' };
  const pubsub = (text: string, nowMs = NOW * 1000) =>
    verdict({ provider: 'google-pubsub', params, jwks }, ['Authorization', text], nowMs);
  const bearer = (parts: Parts) => pubsub(`Bearer ${token({ header, claims, ...parts })}`);

  it('is taken with the right claims', async () => {
    assert.equal(await bearer({}), 'ok');
    assert.equal(await bearer({ claims: { ...claims, iss: 'accounts.google.com' } }), 'ok');
    assert.equal(await bearer({ header: { alg: 'RS256', kid: 'k1' } }), 'ok');
  });

  const wrongClaims: readonly [string, object][] = [
    ['iss', { iss: 'https://accounts.google.com.evil.example' }],
    ['no iss', { iss: undefined }],
    ['aud', { aud: 'https://h.example' }],
    ['no aud', { aud: undefined }],
    ['email', { email: 'other@p.iam.gserviceaccount.com' }],
    ['email_verified as a text', { email_verified: 'true' }],
    ['email not verified', { email_verified: false }],
    ['no exp', { exp: undefined }],
    ['exp as a text', { exp: String(NOW + 3600) }],
    ['nbf to come', { nbf: NOW + 3600 }],
  ];
  for (const [what, other] of wrongClaims) {
    it(`is refused with another claim: ${what}`, async () => {
      assert.equal(await bearer({ claims: { ...claims, ...other } }), 'wrong_claim');
    });
  }

  it('is refused once it has expired', async () => {
    assert.equal(await bearer({ claims: { ...claims, exp: NOW - 301 } }), 'expired_token');
  });

  const wrongTokens: readonly [string, Parts, string][] = [
    ['alg none', { header: { ...header, alg: 'none' } }, 'malformed_signature'],
    [
      'HS256 with the public key',
      {
        header: { ...header, alg: 'HS256' },
        key: rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string,
      },
      'malformed_signature',
    ],
    ['another algorithm', { header: { ...header, alg: 'ES256' }, key: ec.privateKey }, 'malformed_signature'],
    ['an unknown kid', { header: { ...header, kid: 'k3' } }, 'unknown_key'],
    ['a kid of another kind of key', { header: { ...header, kid: 'k2' } }, 'unknown_key'],
    ['no kid', { header: { alg: 'RS256' } }, 'unknown_key'],
    ['another type', { header: { ...header, typ: 'at+jwt' } }, 'malformed_signature'],
    ['critical extensions', { header: { ...header, crit: ['exp'], exp: 1 } }, 'malformed_signature'],
    [
      'a key of its own',
      { header: { ...header, jwk: {} }, key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey },
      'wrong_signature',
    ],
  ];
  for (const [what, parts, reason] of wrongTokens) {
    it(`is refused with ${what}`, async () => assert.equal(await bearer(parts), reason));
  }

  it('is refused unless it is Bearer and one canonical token', async () => {
    const right = token({ header, claims });
    assert.equal(await pubsub(right), 'missing_token');
    assert.equal(await pubsub('Bearer '), 'malformed_signature');
    assert.equal(await pubsub(`Bearer ${right}=`), 'malformed_signature');
    assert.equal(await pubsub(`Bearer ${right} `), 'malformed_signature');
    assert.equal(await pubsub(`Bearer ${right.split('.').slice(0, 2).join('.')}.`), 'malformed_signature');
    assert.equal(await pubsub(`Bearer ${right}.x`), 'malformed_signature');
  });

  it('fetches its keys once, and looks again for an unknown one at most once a minute', async () => {
    let fetches = 0;
    const fetchText: FetchText = async (url) => {
      fetches += 1;
      assert.equal(url, 'https://www.googleapis.com/oauth2/v3/certs');
      return JSON.stringify(jwks);
    };
    const verifier = compileVerifier({ provider: 'google-pubsub', params, fetchText });
    const ask = async (parts: Parts, nowMs: number) => {
      const headers = ['authorization', `Bearer ${token({ header, claims, ...parts })}`];
      const verdict = await verifier.verify(
        { method: 'POST', url: '', headers, body: Buffer.from('') },
        nowMs,
      );
      return verdict.ok ? 'ok' : verdict.reason;
    };
    const nowMs = NOW * 1000;
    assert.deepEqual(await Promise.all([ask({}, nowMs), ask({}, nowMs)]), ['ok', 'ok']);
    assert.equal(fetches, 1);
    for (let i = 0; i < 50; i++)
      assert.equal(await ask({ header: { ...header, kid: `x${i}` } }, nowMs), 'unknown_key');
    assert.equal(fetches, 1, 'the keys are fresh');
    for (let i = 0; i < 50; i++) await ask({ header: { ...header, kid: `x${i}` } }, nowMs + 61_000);
    assert.equal(fetches, 2);
    await ask({}, nowMs + 3_599_000);
    assert.equal(fetches, 2);
  });

  it('says that it could not fetch them, which is no fault of the request', async () => {
    const fetchText: FetchText = async () => Promise.reject(new FetchError('down', null));
    const headers = ['authorization', `Bearer ${token({ header, claims })}`];
    assert.equal(
      await verdict({ provider: 'google-pubsub', params, fetchText }, headers),
      'keys_unavailable',
    );
    const junk: FetchText = async () => '<html>';
    assert.equal(
      await verdict({ provider: 'google-pubsub', params, fetchText: junk }, headers),
      'keys_unavailable',
    );
  });
});

describe('Plaid', () => {
  const key = (more: object) => ({
    keys: [jwk(ec.privateKey, { kid: 'k1', alg: 'ES256', expired_at: null, ...more })],
  });
  const header = { alg: 'ES256', kid: 'k1', typ: 'JWT' };
  const claims = { iat: NOW, request_body_sha256: BODY_HASH };
  const plaid = (parts: Parts, jwks: object = key({}), nowMs = NOW * 1000) =>
    verdict(
      { provider: 'plaid', jwks: jwks as never },
      ['Plaid-Verification', token({ header, claims, key: ec.privateKey, ...parts })],
      nowMs,
    );

  it('judges body, age and key', async () => {
    assert.equal(await plaid({}), 'ok');
    assert.equal(await plaid({}, key({}), (NOW + 300) * 1000), 'ok');
    assert.equal(await plaid({}, key({}), (NOW + 301) * 1000), 'stale_timestamp');
    assert.equal(await plaid({}, key({}), (NOW - 301) * 1000), 'future_timestamp');
    assert.equal(await plaid({ claims: { iat: NOW } }), 'wrong_claim');
    assert.equal(
      await plaid({ claims: { ...claims, request_body_sha256: BODY_HASH.toUpperCase() } }),
      'wrong_claim',
    );
    assert.equal(await plaid({ claims: { ...claims, iat: undefined } }), 'missing_timestamp');
    assert.equal(
      await plaid({ header: { ...header, alg: 'RS256' }, key: rsa.privateKey }),
      'malformed_signature',
    );
    assert.equal(await plaid({}, key({ expired_at: NOW - 1 })), 'unknown_key');
    assert.equal(await plaid({}, key({ use: 'enc' })), 'unknown_key');
    assert.equal(await plaid({}, { keys: [] }), 'unknown_key');
  });

  it('fetches keys by id with its own credentials, and no more than thirty a minute', async () => {
    const asked: string[] = [];
    const fetchText: FetchText = async (url, init) => {
      assert.equal(url, 'https://sandbox.plaid.com/webhook_verification_key/get');
      const { client_id, secret, key_id } = JSON.parse(init?.body ?? '');
      assert.deepEqual([client_id, secret, init?.method], ['c', 'p', 'POST']);
      asked.push(key_id);
      if (key_id !== 'k1') throw new FetchError('answered 400', 400);
      return JSON.stringify({ key: key({}).keys[0] });
    };
    const params = { clientId: 'c', plaidSecret: 'p', environment: 'sandbox' };
    const verifier = compileVerifier({ provider: 'plaid', params, fetchText });
    const ask = async (kid: string) => {
      const headers = [
        'plaid-verification',
        token({ header: { ...header, kid }, claims, key: ec.privateKey }),
      ];
      const found = await verifier.verify(
        { method: 'POST', url: '', headers, body: Buffer.from(BODY) },
        NOW * 1000,
      );
      return found.ok ? 'ok' : found.reason;
    };
    assert.equal(await ask('k1'), 'ok');
    assert.equal(await ask('k2'), 'unknown_key');
    assert.equal(await ask('k2'), 'unknown_key');
    assert.deepEqual(asked, ['k1', 'k2'], 'that there is none is kept as well');
    for (let i = 0; i < 100; i++) await ask(`made-up-${i}`);
    assert.equal(asked.length, 30);
    assert.equal(await ask('made-up-100'), 'keys_unavailable');
    assert.equal(await ask('k1'), 'ok', 'known keys go on to work');
  });
});

describe('a token by the secret', () => {
  const scheme: JwtScheme = {
    alg: 'jwt',
    sig: { from: 'header:X-Webhook-Signature' },
    jwt: { algs: ['HS256'], iss: 'netlify', bodyHash: 'sha256', keys: 'secret' },
  };
  const netlify = (parts: Parts, secrets = ['new', 'old']) =>
    verdict({ verify: scheme, secrets }, [
      'x-webhook-signature',
      token({ header: { alg: 'HS256' }, key: 'old', ...parts }),
    ]);
  const claims = { iss: 'netlify', sha256: BODY_HASH };

  it('is verified with any of the secrets', async () => {
    assert.equal(await netlify({ claims }), 'ok');
    assert.equal(await netlify({ claims }, ['new']), 'wrong_signature');
    assert.equal(await netlify({ claims: { ...claims, iss: 'other' } }), 'wrong_claim');
    assert.equal(await netlify({ claims: { ...claims, exp: NOW } }), 'expired_token');
    assert.equal(await netlify({ claims: { ...claims, exp: NOW + 1 } }), 'ok');
    assert.equal(await netlify({ claims: [] }), 'wrong_signature');
  });

  const timed = (rules: object, times: object, toleranceSeconds?: number) => {
    const verify: JwtScheme = { ...scheme, jwt: { ...scheme.jwt, ...rules } };
    const text = token({ header: { alg: 'HS256' }, claims: { ...claims, ...times }, key: 's' });
    const options = { verify, secrets: ['s'], ...(toleranceSeconds !== undefined && { toleranceSeconds }) };
    return verdict(options, ['x-webhook-signature', text]);
  };

  it('is refused if it was issued in the future, whether or not its age is judged', async () => {
    for (const rules of [{}, { iatTol: 3600 }]) {
      assert.equal(await timed(rules, { iat: NOW + 300 }), 'ok');
      assert.equal(await timed(rules, { iat: NOW + 301 }), 'future_timestamp');
      assert.equal(await timed(rules, { iat: NOW + 301 }, 86_400), 'future_timestamp');
      assert.equal(await timed(rules, { iat: NOW + 1e15 }), 'future_timestamp');
    }
    assert.equal(await timed({}, { iat: NOW - 86_400 }), 'ok', 'how old it may be is the rule of iatTol');
    assert.equal(await timed({ skew: 600 }, { iat: NOW + 600 }), 'ok');
    assert.equal(await timed({ skew: 600 }, { iat: NOW + 601 }), 'future_timestamp');
    assert.equal(await timed({ skew: 60 }, { iat: NOW + 61 }), 'future_timestamp');
  });

  it('is refused before it is valid', async () => {
    assert.equal(await timed({}, { nbf: NOW }), 'ok');
    assert.equal(await timed({}, { nbf: NOW + 1 }), 'wrong_claim');
    assert.equal(await timed({}, { nbf: NOW + 301 }, 86_400), 'wrong_claim');
    assert.equal(await timed({ skew: 600 }, { nbf: NOW + 600 }), 'ok');
    assert.equal(await timed({ skew: 600 }, { nbf: NOW + 601 }), 'wrong_claim');
  });
});
