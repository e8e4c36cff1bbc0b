import type { Provider } from '../provider.ts';

export const razorpay: Provider = {
  id: 'razorpay',
  name: 'Razorpay',
  family: 'body',
  needs: [{ option: 'secret', what: 'Secret that you chose for the webhook: Razorpay Dashboard, Webhooks.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Razorpay-Signature', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{header:x-razorpay-event-id}'],
  replayKey: '{body_sha256_hex}',
  eventType: ['{body:/event}'],
  notes: ['Razorpay disables a webhook that fails for 24 hours.'],
  sample: {
    eventType: 'payment.captured',
    headers: { 'x-razorpay-event-id': '{uuid}' },
    body: {
      entity: 'event',
      account_id: 'acc_BFQ7uQEaa7j2z7',
      event: '{event_type}',
      contains: ['payment'],
      payload: { payment: { entity: { id: 'pay_DESlfW9H8K9uqM', amount: 4200, currency: 'INR' } } },
      created_at: 1760000000,
    },
  },
};
