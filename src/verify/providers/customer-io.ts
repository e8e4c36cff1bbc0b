import type { Provider } from '../provider.ts';

export const customerIo: Provider = {
  id: 'customer-io',
  name: 'Customer.io reporting webhooks',
  family: 'timestamp-beside',
  needs: [
    {
      option: 'secret',
      what: 'Webhook signing key: Customer.io, Integrations, Reporting Webhooks, the webhook.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-CIO-Signature', enc: 'hex' },
      ts: { from: 'header:X-CIO-Timestamp', unit: 's', tol: 300 },
      signed: 'v0:{ts}:{body}',
    },
  ],
  idempotencyKey: ['{body:/event_id}'],
  eventType: ['{body:/object_type}.{body:/metric}', '{body:/metric}'],
  notes: ['Customer.io waits 4 s for an answer and retries for seven days.'],
  sample: {
    eventType: 'email.delivered',
    body: '{"event_id":"{uuid}","object_type":"email","metric":"delivered","timestamp":{now_s},"data":{"customer_id":"42","recipient":"ada@example.org","subject":"Your order"}}',
  },
};
