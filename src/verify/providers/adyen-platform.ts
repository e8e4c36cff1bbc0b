import type { Provider } from '../provider.ts';

export const adyenPlatform: Provider = {
  id: 'adyen-platform',
  name: 'Adyen (platforms, banking, management)',
  aliases: ['adyen-banking', 'adyen-management'],
  family: 'body',
  needs: [
    {
      option: 'secret',
      what: 'HMAC key (hex): Adyen Customer Area, Developers, Webhooks, the webhook, Security.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:HmacSignature', enc: 'base64' },
      signed: '{body}',
      key: { enc: 'hex' },
    },
  ],
  // data.id is that of the resource, which changes more than once: the body's hash tells one change from the next.
  idempotencyKey: ['{body:/type}:{body:/data/id}:{body_sha256_hex}'],
  eventType: ['{body:/type}'],
  reply: { status: 200, body: '[accepted]', contentType: 'text/plain' },
  notes: ['Retried three times at once, then at growing distances for days.'],
  sample: {
    eventType: 'balancePlatform.transfer.updated',
    body: {
      type: '{event_type}',
      environment: 'test',
      timestamp: '{now_iso}',
      data: {
        id: 'EVJN00000000000000000000000000',
        status: 'booked',
        amount: { currency: 'EUR', value: 4200 },
      },
    },
  },
};
