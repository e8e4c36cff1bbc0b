import type { Provider } from '../provider.ts';

export const revolut: Provider = {
  id: 'revolut',
  name: 'Revolut',
  family: 'timestamp-beside',
  needs: [{ option: 'secret', what: 'Signing secret `wsk_…` from the answer to the webhook’s creation.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:Revolut-Signature', split: ',', kv: '=', key: 'v1', trim: true, enc: 'hex' },
      ts: { from: 'header:Revolut-Request-Timestamp', unit: 'ms', tol: 300 },
      signed: 'v1.{ts}.{body}',
    },
  ],
  // Bodies may be without id and time, so that a payment which fails twice says the same twice.
  idempotencyKey: ['{header:Revolut-Request-Timestamp}:{body_sha256_hex}'],
  eventType: ['{body:/event}'],
  notes: [
    'The timestamp counts milliseconds.',
    'A retry that is signed anew comes through as another event.',
  ],
  sample: {
    eventType: 'ORDER_COMPLETED',
    body: { event: '{event_type}', order_id: '{uuid}', merchant_order_ext_ref: 'order-1001' },
  },
};
