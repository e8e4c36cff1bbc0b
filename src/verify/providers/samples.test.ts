import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { suite, test } from 'node:test';
import { compileVerifier, identify, signWebhook } from '../index.ts';
import type { Provider, Sample } from '../provider.ts';
import { PROVIDERS } from './index.ts';

const NOW_MS = 1_760_000_000_000;
const ID = '0199c8a2-7e00-7000-8000-000000000001';

const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ED25519_RAW = Buffer.from(ed25519.publicKey.export({ format: 'jwk' }).x!, 'base64url');

/** Providers whose events have nothing that differs between events and repeats in retries. */
const NEW_EACH_TIME = new Set(['dropbox', 'netlify', 'paymob', 'plaid', 'revolut', 'woocommerce']);

type Keys = Readonly<{ secret?: string; publicKey?: string; privateKey?: string }>;

/** Keys in the form that the provider gives them. */
function keysOf({ id, schemes }: Provider): Keys | null {
  const scheme = schemes[0]!;
  switch (scheme.alg) {
    case 'plugin':
      return null;
    case 'jwt':
      return scheme.jwt.keys === 'secret' ? { secret: 'secret' } : null;
    case 'basic':
      return { secret: 'user:password' };
    case 'ed25519':
      return {
        publicKey: ED25519_RAW.toString(scheme.pub === 'raw-hex' ? 'hex' : 'base64'),
        privateKey: pem(ed25519),
      };
    case 'ecdsa-p256':
      return {
        publicKey: p256.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
        privateKey: pem(p256),
      };
    case 'rsa-sha256':
      return {
        publicKey: rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
        privateKey: pem(rsa),
      };
    case 'hmac':
      if (scheme.key?.strip === 'whsec_') return { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };
      if (scheme.key?.enc === 'base64') return { secret: 'QMV7tTwHM4uuGvjr7sWe7fCx33RSc0pm' };
      return { secret: scheme.key?.enc === 'hex' ? 'AB'.repeat(32) : `secret of ${id}` };
    default:
      return { secret: 'secret' };
  }
}

function pem({ privateKey }: { privateKey: typeof rsa.privateKey }): string {
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function fill(text: string, { eventType }: Sample): string {
  return text
    .replaceAll('{uuid}', ID)
    .replaceAll('{now_s}', String(NOW_MS / 1000))
    .replaceAll('{now_ms}', String(NOW_MS))
    .replaceAll('{now_iso}', new Date(NOW_MS).toISOString())
    .replaceAll('{event_type}', eventType);
}

suite('samples', () => {
  for (const provider of PROVIDERS) {
    const keys = keysOf(provider);
    const { id, sample, idempotencyKey } = provider;
    if (keys === null || sample === undefined) continue;
    test(`${id}: the sample, signed, is what the receiver takes`, async () => {
      const text = typeof sample.body === 'string' ? sample.body : JSON.stringify(sample.body);
      const contentType = sample.contentType ?? 'application/json';
      const headers = Object.entries(sample.headers ?? {}).flatMap(([name, value]) => [
        name,
        fill(value, sample),
      ]);
      const params = { publicKey: 'public', verifyToken: 'token' };
      const signed = signWebhook({
        provider: id,
        ...(keys.secret === undefined ? {} : { secret: keys.secret }),
        ...(keys.privateKey === undefined ? {} : { privateKey: keys.privateKey }),
        params,
        url: 'https://hooks.example.com/in/source',
        headers: ['Content-Type', contentType, ...headers],
        body: Buffer.from(fill(text, sample)),
        nowMs: NOW_MS,
        newId: () => ID,
      });
      const verifier = compileVerifier({
        provider: id,
        secrets: keys.secret === undefined ? [] : [keys.secret],
        ...(keys.publicKey === undefined ? {} : { publicKey: keys.publicKey }),
        params,
      });
      assert.deepEqual(await verifier.verify(signed, NOW_MS), { ok: true });
      const identity = identify(provider, signed, NOW_MS);
      assert.equal(identity.eventType, sample.eventType);
      // A declared key that the sample does not have would never be seen by a user who tries it.
      const isNew = identity.windowSeconds === 0;
      assert.equal(isNew, NEW_EACH_TIME.has(id));
      if (idempotencyKey.length > 0)
        assert.equal(identity.madeOf === 'id' || provider.marks !== undefined, true);
      if (provider.replayKey !== undefined) assert.notEqual(identity.replayKey, null);
    });
  }
});
