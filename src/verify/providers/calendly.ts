import type { Provider } from '../provider.ts';
import { DAY } from './families.ts';

export const calendly: Provider = {
  id: 'calendly',
  name: 'Calendly',
  family: 'timestamp-in-signature',
  needs: [
    {
      option: 'secret',
      what: 'Signing key that you chose, or received, when you created the webhook subscription.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:Calendly-Webhook-Signature', split: ',', kv: '=', key: 'v1', enc: 'hex' },
      ts: { from: 'sig:t', unit: 's', tol: 180 },
      signed: '{ts}.{body}',
    },
  ],
  idempotencyKey: [],
  marks: [{ when: ['body:/created_at'], windowSeconds: DAY, source: 'Calendly retries for 24 hours' }],
  eventType: ['{body:/event}'],
  notes: ['The tolerance is three minutes.', 'Calendly disables a subscription that fails for 24 hours.'],
  sample: {
    eventType: 'invitee.created',
    body: {
      event: '{event_type}',
      created_at: '{now_iso}',
      payload: {
        uri: 'https://api.calendly.com/scheduled_events/{uuid}/invitees/{uuid}',
        email: 'ada@example.org',
        status: 'active',
      },
    },
  },
};
