import type { Provider } from '../provider.ts';
import { standardWebhooksV1, WHSEC_KEY } from './families.ts';

export const openai: Provider = {
  id: 'openai',
  name: 'OpenAI',
  family: 'timestamp-beside',
  needs: [
    {
      option: 'secret',
      what: 'Signing secret `whsec_…`, shown once when the webhook is created in the project settings.',
    },
  ],
  schemes: [
    { ...standardWebhooksV1('webhook', WHSEC_KEY), when: { header: 'webhook-id', secretPrefix: 'whsec_' } },
    // A secret without the prefix is the key itself.
    {
      ...standardWebhooksV1('webhook', { enc: 'utf8' }),
      when: { header: 'webhook-id', noSecretPrefix: 'whsec_' },
    },
  ],
  idempotencyKey: ['{header:webhook-id}'],
  eventType: ['{body:/type}'],
  notes: ['The SDK also accepts a signature without a version; the receiver requires `v1,…`.'],
  sample: {
    eventType: 'response.completed',
    headers: { 'webhook-id': 'wh_{uuid}' },
    body: {
      id: 'evt_{uuid}',
      object: 'event',
      created_at: 1760000000,
      type: '{event_type}',
      data: { id: 'resp_abc123' },
    },
  },
};
