import type { Provider } from '../provider.ts';
import { DAY, HOUR } from './families.ts';

export const paystack: Provider = {
  id: 'paystack',
  name: 'Paystack',
  family: 'body',
  needs: [
    { option: 'secret', what: 'Secret key `sk_…`: Paystack Dashboard, Settings, API Keys & Webhooks.' },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha512',
      sig: { from: 'header:x-paystack-signature', enc: 'hex' },
      signed: '{body}',
    },
  ],
  // data.id is the id of the resource. A reminder comes again for a dispute that nobody changed.
  idempotencyKey: [],
  marks: [
    {
      when: [
        'body:/data/paid_at',
        'body:/data/paidAt',
        'body:/data/transferred_at',
        'body:/data/updated_at',
        'body:/data/updatedAt',
      ],
      matches: { 'body:/event': '(?!.*\\.remind$)[^]+' },
      windowSeconds: 3 * DAY + HOUR,
      source: 'Paystack retries for 72 hours',
    },
  ],
  sharedBy: 'two events of one name that leave a record unchanged',
  eventType: ['{body:/event}'],
  reply: { status: 200 },
  notes: ['The hash is SHA-512.'],
  sample: {
    eventType: 'charge.success',
    body: '{"event":"{event_type}","data":{"id":{now_ms},"domain":"test","status":"success","reference":"{uuid}","amount":4200,"currency":"NGN","paid_at":"{now_iso}"}}',
  },
};
