import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { verify as verifyGithub } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { PROVIDERS, type Provider, SchemeError, signWebhook, verifyWebhook } from '../index.ts';
import type { KeyRule, PublicKeyScheme } from '../scheme.ts';

const NOW_MS = 1_760_000_000_000;
const URL = 'https://hooks.example.com/in/sample';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const PAIRS = { ed25519: ed, 'ecdsa-p256': ec, 'rsa-sha256': rsa };

/** A secret of the form that the provider's are of. */
function secretOf({ schemes }: Provider): string {
  const [scheme] = schemes;
  if (scheme!.alg === 'basic') return 'user:pass';
  const key: KeyRule = scheme!.alg === 'hmac' ? (scheme!.key ?? {}) : {};
  if (key.enc === 'hex') return 'ab'.repeat(32);
  return key.enc === 'base64'
    ? (key.strip ?? '') + Buffer.alloc(32, 7).toString('base64')
    : 'a secret & more';
}

function publicKeyOf({ alg, pub, pubStrip = '' }: PublicKeyScheme): string {
  const { publicKey } = PAIRS[alg];
  if (pub === 'pem') return publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const bytes = pub === 'spki-b64' ? der : der.subarray(-32);
  return pubStrip + bytes.toString(pub === 'raw-hex' ? 'hex' : 'base64');
}

function paramsOf({ schemes }: Provider): Record<string, string> {
  const names = [...JSON.stringify(schemes).matchAll(/param:([A-Za-z0-9_-]+)/g)];
  return { kid: 'k1', ...Object.fromEntries(names.map(([, name]) => [name!, `some-${name}`])) };
}

/** The sample, with what stands for numbers filled in so that it is JSON. */
function bodyOf({ sample }: Provider): Buffer {
  const body = typeof sample?.body === 'string' ? sample.body : JSON.stringify(sample?.body ?? {});
  const filled = body.replaceAll('{now_ms}', String(NOW_MS)).replaceAll('{now_s}', String(NOW_MS / 1000));
  return Buffer.from(
    filled.replaceAll('{uuid}', '0199c000').replaceAll('{event_type}', sample?.eventType ?? ''),
  );
}

describe('what is signed as the provider would', () => {
  for (const provider of PROVIDERS) {
    const [scheme] = provider.schemes;
    if (scheme!.alg === 'plugin') continue;

    it(`is verified: ${provider.id}`, async () => {
      const isPublic = scheme!.alg in PAIRS;
      const usesJwks = scheme!.alg === 'jwt' && scheme!.jwt.keys !== 'secret';
      const pair = usesJwks ? (scheme!.jwt.algs[0] === 'ES256' ? ec : rsa) : PAIRS[scheme!.alg as 'ed25519'];
      const privateKey = pair?.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string | undefined;
      const secret = pair === undefined ? secretOf(provider) : undefined;
      const params = paramsOf(provider);
      const signed = signWebhook({
        provider: provider.id,
        ...(secret !== undefined && { secret }),
        ...(privateKey !== undefined && { privateKey }),
        params,
        url: URL,
        body: bodyOf(provider),
        headers: { 'content-type': 'application/json', ...provider.sample?.headers, ...typeOf(provider) },
        nowMs: NOW_MS,
        newId: () => 'id-1',
      });
      const jwks = usesJwks ? { keys: [{ ...pair!.publicKey.export({ format: 'jwk' }), kid: 'k1' }] } : null;
      const publicKey = isPublic ? publicKeyOf(scheme as PublicKeyScheme) : null;
      const keys = { secret: secret ?? null, publicKey, jwks };
      const result = await verifyWebhook({ provider: provider.id, ...keys, params, ...signed, now: NOW_MS });
      assert.equal(result.ok, true, JSON.stringify(result));
      const other = {
        ...keys,
        ...(secret !== undefined && { secret: scheme!.alg === 'basic' ? 'a:b' : other64(secret) }),
      };
      const wrong = await verifyWebhook({ provider: provider.id, ...other, params, ...signed, now: NOW_MS });
      assert.equal(wrong.ok, secret === undefined, JSON.stringify(wrong));
    });
  }

  it('is refused where only the provider has the key', () => {
    const options = { url: URL, body: Buffer.from('{}'), nowMs: NOW_MS, newId: () => 'id' };
    for (const provider of ['aws-sns', 'paypal', 'discord', 'google-pubsub', 'no-such-provider']) {
      assert.throws(() => signWebhook({ ...options, provider }), SchemeError, provider);
    }
    assert.throws(() => signWebhook({ ...options, provider: 'github' }), /no scheme fits/);
    assert.throws(
      () => signWebhook({ ...options, provider: 'discord', privateKey: 'x' }),
      /no private key in PEM/,
    );
  });
});

function typeOf({ sample }: Provider): Record<string, string> {
  return sample?.contentType === undefined ? {} : { 'content-type': sample.contentType };
}

/** Another secret of the same form. */
function other64(secret: string): string {
  return secret.replace(/[bcB]/, (char) => (char === 'b' ? 'c' : 'b')).replace(/^a s/, 'no s');
}

describe('the providers’ own verifiers', () => {
  const body = Buffer.from('{"id":"evt_1","type":"é"}');
  const signed = (provider: string, secret: string, nowMs: number) => {
    const { headers } = signWebhook({ provider, secret, url: URL, body, nowMs, newId: () => 'msg_1' });
    return new Map(
      headers.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), headers[i + 1]!]] : [])) as [
        string,
        string,
      ][],
    );
  };

  it('take what is signed: GitHub', async () => {
    const header = signed('github', 's', NOW_MS).get('x-hub-signature-256')!;
    assert.equal(await verifyGithub('s', body.toString(), header), true);
  });
  it('take what is signed: Stripe', () => {
    const header = signed('stripe', 'whsec_x', NOW_MS).get('stripe-signature')!;
    const stripe = new Stripe('sk_test_x');
    const event = stripe.webhooks.constructEvent(body, header, 'whsec_x', 1e9);
    assert.equal(event.id, 'evt_1');
  });
  it('take what is signed: Standard Webhooks', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOW_MS });
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const headers = Object.fromEntries(signed('standard-webhooks', secret, NOW_MS));
    assert.doesNotThrow(() => new Webhook(secret).verify(body.toString(), headers));
  });
});
