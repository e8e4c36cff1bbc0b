import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { checkScheme, compileVerifier, signWebhook } from '../index.ts';
import type { JwtScheme, Scheme } from '../scheme.ts';

const NOW_MS = 1_760_000_000_000;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const PAIRS = {
  RS256: rsa,
  RS512: rsa,
  PS384: rsa,
  ES256: ec('P-256'),
  ES384: ec('P-384'),
  ES512: ec('P-521'),
  EdDSA: generateKeyPairSync('ed25519'),
} as const;

const jwtScheme = (...algs: readonly string[]): JwtScheme => ({
  alg: 'jwt',
  sig: { from: 'header:Authorization' },
  jwt: { algs, keys: 'publicKey', bearer: true, requireExp: true, bodyHash: 'sha256' },
});

const pem = (key: KeyObject, type: 'spki' | 'pkcs8') => key.export({ format: 'pem', type }).toString();
const jwkText = (key: KeyObject, more = {}) => JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });

function signed(scheme: Scheme, privateKey: KeyObject, kid?: string) {
  return signWebhook({
    provider: scheme,
    privateKey: pem(privateKey, 'pkcs8'),
    ...(kid !== undefined && { params: { kid } }),
    url: 'https://h.example/in',
    body: Buffer.from('{"id":1}'),
    nowMs: NOW_MS,
    newId: () => 'id',
  });
}

async function verdict(scheme: Scheme, publicKey: string, request: ReturnType<typeof signed>) {
  const result = await compileVerifier({ verify: scheme, publicKey }).verify(request, NOW_MS);
  return result.ok ? 'ok' : result.reason;
}

describe('a JWT by a key of the configuration', () => {
  for (const [alg, { publicKey, privateKey }] of Object.entries(PAIRS)) {
    it(`is taken by ${alg}, whichever way the key is written`, async () => {
      const scheme = jwtScheme(alg);
      assert.deepEqual(checkScheme(scheme), []);
      const request = signed(scheme, privateKey);
      assert.equal(await verdict(scheme, pem(publicKey, 'spki'), request), 'ok');
      assert.equal(await verdict(scheme, jwkText(publicKey, { kid: 'a', alg }), request), 'ok');
      assert.equal(await verdict(scheme, `{"keys":[${jwkText(publicKey)}]}`, request), 'ok');
      assert.equal(
        await verdict(scheme, pem(publicKey, 'spki'), { ...request, body: Buffer.from('{"id":2}') }),
        'wrong_claim',
      );
    });
  }

  it('is not taken by another key, or by a key of another name', async () => {
    const scheme = jwtScheme('RS256', 'ES256');
    const { publicKey, privateKey } = PAIRS.ES256;
    assert.equal(
      await verdict(scheme, pem(ec('P-256').publicKey, 'spki'), signed(scheme, privateKey)),
      'wrong_signature',
    );
    assert.equal(
      await verdict(scheme, pem(rsa.publicKey, 'spki'), signed(scheme, privateKey)),
      'unknown_key',
    );
    const named = signed(scheme, privateKey, 'k1');
    assert.equal(await verdict(scheme, jwkText(publicKey, { kid: 'k1' }), named), 'ok');
    assert.equal(await verdict(scheme, jwkText(publicKey), named), 'ok');
    assert.equal(await verdict(scheme, jwkText(publicKey, { kid: 'k2' }), named), 'unknown_key');
  });

  it('does not start without a key that could be it', () => {
    const scheme = jwtScheme('RS256');
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    for (const publicKey of [
      ...['text', '{}', '[]', '{"keys":[]}', '{"kty":"oct","k":"AAAA"}', pem(PAIRS.ES256.publicKey, 'spki')],
      ...[pem(rsa.privateKey, 'pkcs8'), jwkText(rsa.privateKey), pem(short, 'spki')],
      ...[jwkText(rsa.publicKey, { use: 'enc' }), jwkText(rsa.publicKey, { alg: 'RS512' })],
    ]) {
      assert.throws(() => compileVerifier({ verify: scheme, publicKey }), /publicKey is/, publicKey);
    }
    assert.throws(() => compileVerifier({ verify: scheme }), /publicKey is missing/);
    const mixed = jwtScheme('HS256');
    assert.throws(() => compileVerifier({ verify: mixed, publicKey: pem(rsa.publicKey, 'spki') }), /HS256/);
  });

  it('is signed by a key that the scheme has an algorithm for', () => {
    assert.throws(
      () => signed(jwtScheme('RS256'), PAIRS.ES256.privateKey),
      /privateKey is for none of RS256/,
    );
    const [, token] = signed(jwtScheme('RS256', 'ES256'), PAIRS.ES256.privateKey).headers;
    assert.match(Buffer.from(token!.slice(7).split('.')[0]!, 'base64url').toString(), /"ES256"/);
  });
});

describe('a public key as a JWK', () => {
  const { publicKey, privateKey } = PAIRS.ES256;
  const scheme: Scheme = { alg: 'ecdsa-p256', sig: { from: 'header:S' }, pub: 'jwk' };

  it('verifies, and is never a private one', async () => {
    assert.deepEqual(checkScheme(scheme), []);
    const request = signed(scheme, privateKey);
    assert.equal(await verdict(scheme, jwkText(publicKey), request), 'ok');
    for (const wrong of [jwkText(privateKey), jwkText(rsa.publicKey), 'text', 'null']) {
      assert.throws(() => compileVerifier({ verify: scheme, publicKey: wrong }), /not a public JWK/);
    }
  });
});
