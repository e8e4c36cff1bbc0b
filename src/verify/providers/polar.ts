import type { Provider } from '../provider.ts';
import { standardWebhooksV1 } from './families.ts';

export const polar: Provider = {
  id: 'polar',
  name: 'Polar',
  family: 'timestamp-beside',
  needs: [
    { option: 'secret', what: 'Webhook secret: Polar, organization Settings, Webhooks, the endpoint.' },
  ],
  // The only sender of this format whose secret is not decoded.
  schemes: [standardWebhooksV1('webhook', { enc: 'utf8' })],
  idempotencyKey: ['{header:webhook-id}'],
  eventType: ['{body:/type}'],
  notes: [
    'The secret is used as text, even if it looks like base64.',
    'Polar disables the endpoint after ten consecutive failures.',
  ],
  sample: {
    eventType: 'order.paid',
    headers: { 'webhook-id': '{uuid}' },
    body: {
      type: '{event_type}',
      timestamp: '{now_iso}',
      data: { id: '{uuid}', status: 'paid', total_amount: 4200 },
    },
  },
};
