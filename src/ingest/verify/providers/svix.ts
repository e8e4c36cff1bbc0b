import type { Provider } from '../provider.ts';
import { standardWebhooksV1, standardWebhooksV1a, WHSEC_KEY } from './families.ts';

export const svix: Provider = {
  id: 'svix',
  name: 'Svix',
  family: 'timestamp-beside',
  needs: [
    { option: 'secret', what: 'Signing secret `whsec_…` on the page of the endpoint.', oneOf: 'key' },
    {
      option: 'publicKey',
      what: 'Public key `whpk_…`, if the endpoint is set to asymmetric signatures.',
      oneOf: 'key',
    },
  ],
  // Svix sends its own names, or the unbranded ones where the sender chose so.
  schemes: [
    standardWebhooksV1('svix', WHSEC_KEY),
    standardWebhooksV1('webhook', WHSEC_KEY),
    standardWebhooksV1a('svix'),
    standardWebhooksV1a('webhook'),
  ],
  idempotencyKey: ['{header:svix-id}', '{header:webhook-id}'],
  eventType: ['{body:/type}', '{body:/eventType}'],
  notes: ['An endpoint that fails for five days is switched off.'],
  sample: {
    eventType: 'invoice.paid',
    headers: { 'svix-id': 'msg_{uuid}' },
    body: { type: '{event_type}', data: { id: 'inv_1001', status: 'paid' } },
  },
};
