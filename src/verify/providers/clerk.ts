import type { Provider } from '../provider.ts';
import { standardWebhooksV1, WHSEC_KEY } from './families.ts';

export const clerk: Provider = {
  id: 'clerk',
  name: 'Clerk',
  family: 'timestamp-beside',
  needs: [
    {
      option: 'secret',
      what: 'Signing Secret `whsec_…`: Clerk Dashboard, Configure, Webhooks, the endpoint.',
    },
  ],
  // Only svix-*: Clerk's own SDK reads no other headers.
  schemes: [standardWebhooksV1('svix', WHSEC_KEY)],
  idempotencyKey: ['{header:svix-id}'],
  eventType: ['{body:/type}'],
  notes: ['The headers are named svix-*, although some guides say webhook-*.'],
  sample: {
    eventType: 'user.created',
    headers: { 'svix-id': 'msg_{uuid}' },
    body: {
      object: 'event',
      type: '{event_type}',
      data: {
        object: 'user',
        id: 'user_29w83sxmDNGwOuEthce5gg56FcC',
        first_name: 'Ada',
        created_at: 1760000000000,
      },
    },
  },
};
