import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { findProvider, identify, verifyWebhook } from './index.ts';

/** What names an event must be read where it was signed. */

const NOW_S = 1_760_000_000;
const KEY = Buffer.alloc(32, 5);
const WHSEC = `whsec_${KEY.toString('base64')}`;
const BODY = '{"type":"a"}';
const FORM = 'application/x-www-form-urlencoded';

function standardHeaders(name: string): Record<string, string> {
  const mac = createHmac('sha256', KEY).update(`a.${NOW_S}.${BODY}`).digest('base64');
  return { [`${name}-id`]: 'a', [`${name}-timestamp`]: String(NOW_S), [`${name}-signature`]: `v1,${mac}` };
}

const take = (provider: string, secret: string, headers: Record<string, string>, body: string) =>
  verifyWebhook({
    provider,
    secret,
    headers,
    body: Buffer.from(body),
    now: NOW_S * 1000,
    url: 'https://h.example/in',
  });

describe('the id of a Svix event', () => {
  it('is the one that was signed, by whichever name', async () => {
    for (const name of ['svix', 'webhook']) {
      const result = await take('svix', WHSEC, standardHeaders(name), BODY);
      assert.deepEqual(result, { ok: true, provider: 'svix', idempotencyKey: 'a', eventType: 'a' });
    }
  });

  it('is none where another stands beside the signed one', async () => {
    for (const more of ['svix-id', 'Svix-Timestamp', 'svix-signature', 'svix-x']) {
      const result = await take('svix', WHSEC, { ...standardHeaders('webhook'), [more]: 'F1' }, BODY);
      assert.equal(result.ok, false, more);
    }
    const both = await take('svix', WHSEC, { ...standardHeaders('svix'), 'webhook-id': 'F1' }, BODY);
    assert.deepEqual(both, { ok: true, provider: 'svix', idempotencyKey: 'a', eventType: 'a' });
  });
});

describe('a body', () => {
  const mac = createHmac('sha256', 'k').update(`${NOW_S}tok`).digest('hex');
  const fields = `signature=${mac}&timestamp=${NOW_S}&token=tok`;
  const forged = `{"event-data":{"id":"F1"},"signature":{"timestamp":1,"token":"t1"},"x":"&${fields}&z="}`;

  it('is a form or JSON, and never both', async () => {
    const plain = await take('mailgun', 'k', { 'content-type': FORM }, fields);
    assert.equal(plain.ok && plain.idempotencyKey, `${NOW_S}tok`);
    for (const body of [forged, `[${forged}]`, `${' '.repeat(5000)}${forged}`, `\r\n\t${forged}`]) {
      for (const headers of [{ 'content-type': FORM }, {}]) {
        assert.equal(
          (await take('mailgun', 'k', headers as Record<string, string>, body)).ok,
          false,
          body.trim(),
        );
      }
    }
  });

  it('is a form where it only looks like JSON', () => {
    const rules = { idempotencyKey: ['{form:b}'], eventType: [] };
    const headers = ['content-type', FORM];
    const request = { method: 'POST', url: 'https://h.example/in', headers, body: Buffer.from('{"a":1&b=2') };
    assert.equal(identify(rules, request, 0).idempotencyKey, '2');
  });

  it('is XML in one field at most', () => {
    const xml = (kind: string) =>
      encodeURIComponent(Buffer.from(`<n><kind>${kind}</kind></n>`).toString('base64'));
    const typeOf = (body: string) => {
      const headers = ['content-type', FORM];
      const request = { method: 'POST', url: 'https://h.example/in', headers, body: Buffer.from(body) };
      return identify(findProvider('braintree')!, request, 0).eventType;
    };
    assert.equal(typeOf(`bt_payload=${xml('check')}`), 'check');
    assert.equal(typeOf(`a=${xml('dispute_lost')}&bt_payload=${xml('check')}`), 'unknown');
  });
});
