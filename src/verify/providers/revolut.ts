import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

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
  // A payment that fails twice says the same twice, and a retry is signed at another time.
  idempotencyKey: [],
  marks: [
    {
      when: ['body:/timestamp'],
      windowSeconds: HOUR,
      source: 'Revolut retries three times, ten minutes apart',
    },
  ],
  sharedBy:
    'two events that say the same at the same time; without a time in the body every request is a new event',
  eventType: ['{body:/event}'],
  notes: [
    'The timestamp is in milliseconds.',
    'Events of the Merchant API have no id and no time: each is a new event, retries included.',
  ],
  sample: {
    eventType: 'ORDER_COMPLETED',
    body: { event: '{event_type}', order_id: '{uuid}', merchant_order_ext_ref: 'order-1001' },
  },
};
