import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PROVIDERS, SchemeError, signWebhook, verifyWebhook } from '../index.ts';
import type { Provider } from '../provider.ts';
import { makeSample } from './sample-event.ts';

const NOW_MS = 1_760_000_000_000;
const UUID = '0199c6c5-f000-7000-8000-000000000000';
const BYTES = Buffer.alloc(32, 7);

/** A secret in each form that some provider has. */
const SECRETS = [
  `whsec_${BYTES.toString('base64')}`,
  BYTES.toString('hex'),
  BYTES.toString('base64'),
  'user:pass',
];

/** What a source with this secret would say of the provider's own sample; null if it cannot be signed so. */
async function trySecret(provider: Provider, secret: string) {
  const sample = makeSample(provider, { eventType: null, body: null, nowMs: NOW_MS, uuid: UUID });
  const params = Object.fromEntries(
    provider.needs.flatMap(({ option }) => (option.startsWith('params.') ? [[option.slice(7), 'x1']] : [])),
  );
  const url = `http://127.0.0.1:8000/webhooks/${provider.id}`;
  const given = { provider: provider.id, secret, params };
  try {
    const headers = Object.entries(sample.headers).flat();
    const post = signWebhook({ ...given, url, body: sample.body, headers, nowMs: NOW_MS, newId: () => UUID });
    return await verifyWebhook({ ...given, ...post, now: NOW_MS });
  } catch (error) {
    assert.ok(error instanceof SchemeError, String(error));
    return null;
  }
}

const NEEDS_KEY = /^(ed25519|ecdsa-p256|rsa-sha256|plugin)$/;
const signable = PROVIDERS.filter(({ schemes }) =>
  schemes.some((scheme) =>
    scheme.alg === 'jwt' ? scheme.jwt.keys === 'secret' : !NEEDS_KEY.test(scheme.alg),
  ),
);

describe('what send posts', () => {
  for (const provider of signable) {
    it(`for ${provider.name} verifies and has the type of the sample`, async () => {
      const results = await Promise.all(SECRETS.map((secret) => trySecret(provider, secret)));
      const good = results.find((result) => result?.ok === true);
      assert.ok(good?.ok, JSON.stringify(results));
      assert.equal(good.eventType, provider.sample?.eventType);
    });
  }
});
