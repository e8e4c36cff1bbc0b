import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const lemonsqueezy: Provider = {
  id: 'lemonsqueezy',
  name: 'Lemon Squeezy',
  family: 'body',
  needs: [{ option: 'secret', what: 'Signing secret: Lemon Squeezy, Settings, Webhooks, the webhook.' }],
  schemes: [
    { alg: 'hmac', hash: 'sha256', sig: { from: 'header:X-Signature', enc: 'hex' }, signed: '{body}' },
  ],
  idempotencyKey: [],
  marks: [
    {
      when: ['body:/data/attributes/updated_at'],
      windowSeconds: HOUR,
      source: 'Lemon Squeezy retries three times within minutes',
    },
  ],
  sharedBy: 'two events of one name that leave a record unchanged',
  // Only the name in the body is signed.
  eventType: ['{body:/meta/event_name}', '{header:X-Event-Name}'],
  reply: { status: 200 },
  sample: {
    eventType: 'order_created',
    headers: { 'X-Event-Name': '{event_type}' },
    body: {
      meta: { event_name: '{event_type}', webhook_id: '{uuid}', test_mode: true },
      data: { type: 'orders', id: '1', attributes: { status: 'paid', total: 4200, updated_at: '{now_iso}' } },
    },
  },
};
