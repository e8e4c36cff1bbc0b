import type { Provider } from '../provider.ts';
import { standardWebhooksV1, standardWebhooksV1a, WHSEC_KEY } from './families.ts';

export const standardWebhooks: Provider = {
  id: 'standard-webhooks',
  name: 'Standard Webhooks',
  family: 'timestamp-beside',
  needs: [
    {
      option: 'secret',
      what: 'The signing secret `whsec_…` that the sender shows for the endpoint.',
      oneOf: 'key',
    },
    {
      option: 'publicKey',
      what: 'The public key `whpk_…`, if the sender signs asymmetrically (`v1a`).',
      oneOf: 'key',
    },
  ],
  schemes: [standardWebhooksV1('webhook', WHSEC_KEY), standardWebhooksV1a('webhook')],
  idempotencyKey: ['{header:webhook-id}'],
  eventType: ['{body:/type}'],
  notes: [
    'The secret is decoded from base64 after `whsec_`. A provider that uses the text itself needs another declaration (see polar).',
    'Most senders disable an endpoint that answers 410.',
  ],
  sample: {
    eventType: 'invoice.paid',
    headers: { 'webhook-id': 'msg_{uuid}' },
    body: {
      type: '{event_type}',
      timestamp: '{now_iso}',
      data: { id: 'inv_1001', amount: 4200, currency: 'EUR' },
    },
  },
};
