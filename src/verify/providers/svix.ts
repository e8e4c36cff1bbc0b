import type { Provider } from '../provider.ts';
import type { HmacScheme, PublicKeyScheme } from '../scheme.ts';
import { standardWebhooksV1, standardWebhooksV1a, WHSEC_KEY } from './families.ts';

/**
 * Svix sends its own headers, or the unbranded ones if the sender chose so, and never both: beside a signed id, an unsigned
 * one could be taken for the event's.
 */
function unbranded<S extends HmacScheme | PublicKeyScheme>(scheme: S): S {
  return { ...scheme, when: { ...scheme.when, noHeader: 'svix-*' } };
}

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
  schemes: [
    standardWebhooksV1('svix', WHSEC_KEY),
    unbranded(standardWebhooksV1('webhook', WHSEC_KEY)),
    standardWebhooksV1a('svix'),
    unbranded(standardWebhooksV1a('webhook')),
  ],
  idempotencyKey: ['{header:svix-id}', '{header:webhook-id}'],
  eventType: ['{body:/type}', '{body:/eventType}'],
  notes: ['Svix disables an endpoint that fails for five days.'],
  sample: {
    eventType: 'invoice.paid',
    headers: { 'svix-id': 'msg_{uuid}' },
    body: { type: '{event_type}', data: { id: 'inv_1001', status: 'paid' } },
  },
};
