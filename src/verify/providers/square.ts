import type { Provider } from '../provider.ts';

export const square: Provider = {
  id: 'square',
  name: 'Square',
  family: 'url',
  needs: [{ option: 'secret', what: 'Signature key: Square Developer Console, Webhooks, the subscription.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Square-HmacSha256-Signature', enc: 'base64' },
      signed: '{url}{body}',
    },
  ],
  idempotencyKey: ['{body:/event_id}'],
  eventType: ['{body:/type}'],
  notes: [
    'The URL is signed exactly as registered: set `publicUrl` behind a proxy.',
    'Square retries eleven times in 24 hours.',
  ],
  sample: {
    eventType: 'payment.updated',
    body: {
      merchant_id: '6SSW7HV8K2ST5',
      type: '{event_type}',
      event_id: '{uuid}',
      created_at: '{now_iso}',
      data: {
        type: 'payment',
        id: 'KkAkhdMsgzn59SM8A89WgKwekxLZY',
        object: { payment: { status: 'COMPLETED' } },
      },
    },
  },
};
