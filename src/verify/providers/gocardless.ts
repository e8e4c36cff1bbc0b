import type { Provider } from '../provider.ts';

export const gocardless: Provider = {
  id: 'gocardless',
  name: 'GoCardless',
  family: 'body',
  needs: [{ option: 'secret', what: 'Secret of the webhook endpoint: GoCardless Dashboard, Developers.' }],
  schemes: [
    { alg: 'hmac', hash: 'sha256', sig: { from: 'header:Webhook-Signature', enc: 'hex' }, signed: '{body}' },
  ],
  idempotencyKey: ['{body:/events/*/id}'],
  eventType: ['{body:/events/*/resource_type}.{body:/events/*/action}'],
  notes: ['One delivery is a batch of up to 250 events.'],
  sample: {
    eventType: 'payments.confirmed',
    body: {
      events: [
        {
          id: 'EV{uuid}',
          created_at: '{now_iso}',
          resource_type: 'payments',
          action: 'confirmed',
          links: { payment: 'PM123' },
          details: { origin: 'gocardless', cause: 'payment_confirmed' },
        },
      ],
      meta: { webhook_id: 'WB{uuid}' },
    },
  },
};
