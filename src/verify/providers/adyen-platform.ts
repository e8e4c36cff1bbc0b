import type { Provider } from '../provider.ts';
import { DAY } from './families.ts';

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
  // data.id is the id of the resource, which changes more than once.
  idempotencyKey: [],
  marks: [
    {
      when: ['body:/timestamp', 'body:/createdAt', 'body:/data/sequenceNumber'],
      windowSeconds: 30 * DAY,
      source: 'Adyen documents retries for up to 30 days',
    },
  ],
  formerKeys: { of: ['{body:/type}:{body:/data/id}:{body_sha256_hex}'], seconds: 30 * DAY },
  eventType: ['{body:/type}'],
  reply: { status: 200, body: '[accepted]', contentType: 'text/plain' },
  notes: ['Adyen retries three times at once, then at growing intervals for up to 30 days.'],
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
