import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { type VerifyWebhookOptions, verifyWebhook } from './index.ts';

const BODY = Buffer.from('b');
const hmac = (text: string) => createHmac('sha256', 'k').update(text).digest('base64');
const verify = (options: Partial<VerifyWebhookOptions>) =>
  verifyWebhook({ secret: 'k', body: BODY, now: 0, ...options });

describe('a webhook whose URL is signed', () => {
  it('is not verified without the URL', async () => {
    const headers = { 'x-square-hmacsha256-signature': hmac('b') };
    for (const more of [{}, { url: '' }]) {
      const result = await verify({ provider: 'square', headers, ...more });
      assert.equal(result.ok, false);
      assert.equal(!result.ok && result.reason, 'misconfigured');
      assert.match(result.ok ? '' : result.detail, /url takes it whole/);
    }
    const own = { alg: 'hmac', sig: { from: 'header:s', enc: 'base64' }, signed: '{path}{body}' } as const;
    assert.equal((await verify({ verify: own, headers: { s: hmac('b') } })).ok, false);
  });

  it('is verified with it, and others need none', async () => {
    const url = 'https://h.example/in';
    const headers = { 'x-square-hmacsha256-signature': hmac(`${url}b`) };
    assert.equal((await verify({ provider: 'square', headers, url })).ok, true);
    assert.equal(
      (await verify({ provider: 'shopify', headers: { 'x-shopify-hmac-sha256': hmac('b') } })).ok,
      true,
    );
  });
});
