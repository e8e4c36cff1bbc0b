import type { Provider } from '../provider.ts';
import { standardWebhooksV1, WHSEC_KEY } from './families.ts';

export const resend: Provider = {
  id: 'resend',
  name: 'Resend',
  family: 'timestamp-beside',
  needs: [{ option: 'secret', what: 'Signing secret `whsec_…`: Resend dashboard, Webhooks, the webhook.' }],
  schemes: [standardWebhooksV1('svix', WHSEC_KEY)],
  idempotencyKey: ['{header:svix-id}'],
  eventType: ['{body:/type}'],
  sample: {
    eventType: 'email.delivered',
    headers: { 'svix-id': 'msg_{uuid}' },
    body: {
      type: '{event_type}',
      created_at: '{now_iso}',
      data: { email_id: '{uuid}', from: 'shop@example.com', to: ['ada@example.org'], subject: 'Your order' },
    },
  },
};
