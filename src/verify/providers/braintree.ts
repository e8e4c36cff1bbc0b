import type { Provider } from '../provider.ts';
import { DAY } from './families.ts';

export const braintree: Provider = {
  id: 'braintree',
  name: 'Braintree',
  family: 'in-body',
  needs: [
    { option: 'secret', what: 'Private key: Braintree Control Panel, API, Keys.' },
    {
      option: 'params.publicKey',
      what: 'Public key of the same pair, which selects your signature.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha1',
      sig: { from: 'form:bt_signature', split: '&', kv: '|', key: 'param:publicKey', enc: 'hex' },
      // Some gateways drop the final line break.
      signed: ['{form:bt_payload}', '{form:bt_payload}\n'],
      // The key signs challenges for any client; a challenge is shorter, and no XML.
      matches: { 'form:bt_payload': '[A-Za-z0-9+/=\\s]{33,}', 'xml:kind': '[^]+' },
      key: { derive: 'sha1' },
    },
  ],
  // The whole payload, whatever signatures stand beside it. It is too long for a key and becomes its hash.
  idempotencyKey: [],
  marks: [
    {
      of: '{form:bt_payload}',
      when: ['xml:timestamp'],
      windowSeconds: DAY,
      source: 'Braintree retries every hour for 24 hours',
    },
  ],
  sharedBy: 'two notifications that say the same in the same second',
  eventType: ['{xml:kind}'],
  handshakes: [
    {
      name: 'challenge',
      method: 'GET',
      when: { matches: { 'query:bt_challenge': '[a-f0-9]{20,32}' } },
      signed: false,
      mac: { alg: 'hmac', hash: 'sha1', of: '{query:bt_challenge}', enc: 'hex', key: { derive: 'sha1' } },
      reply: { status: 200, body: '{param:publicKey}|{mac}' },
    },
  ],
  notes: [
    'The event is XML in base64, in the field `bt_payload`.',
    'Braintree retries every hour, for 24 hours in production and three in the sandbox.',
  ],
  sample: {
    eventType: 'subscription_charged_successfully',
    contentType: 'application/x-www-form-urlencoded',
    // <notification><timestamp type="datetime">2025-10-09T08:53:20Z</timestamp><kind>subscription_charged_successfully</kind><subject><subscription><id>sub_1001</id></subscription></subject></notification>
    body: 'bt_signature=&bt_payload=PG5vdGlmaWNhdGlvbj48dGltZXN0YW1wIHR5cGU9ImRhdGV0aW1lIj4yMDI1LTEwLTA5VDA4OjUzOjIwWjwvdGltZXN0YW1wPjxraW5kPnN1YnNjcmlwdGlvbl9jaGFyZ2VkX3N1Y2Nlc3NmdWxseTwva2luZD48c3ViamVjdD48c3Vic2NyaXB0aW9uPjxpZD5zdWJfMTAwMTwvaWQ%2BPC9zdWJzY3JpcHRpb24%2BPC9zdWJqZWN0Pjwvbm90aWZpY2F0aW9uPg%3D%3D',
  },
};
