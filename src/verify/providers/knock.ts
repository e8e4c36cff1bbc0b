import type { Provider } from '../provider.ts';
import { DAY } from './families.ts';

export const knock: Provider = {
  id: 'knock',
  name: 'Knock',
  family: 'timestamp-in-signature',
  needs: [
    { option: 'secret', what: 'Signing key of the outbound webhook: Knock dashboard, Developers, Webhooks.' },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:x-knock-signature', split: ',', kv: '=', key: 's', enc: 'base64' },
      ts: { from: 'sig:t', unit: 'ms', tol: 300 },
      signed: '{ts}.{body}',
    },
  ],
  idempotencyKey: [],
  marks: [
    {
      when: ['body:/created_at'],
      windowSeconds: DAY,
      source: 'Knock names no schedule; a day covers its retries',
    },
  ],
  sharedBy: 'two events that say the same in the same millisecond',
  eventType: ['{body:/type}'],
  notes: ['The timestamp is in milliseconds.'],
  sample: {
    eventType: 'message.delivered',
    body: {
      __typename: 'Event',
      type: '{event_type}',
      created_at: '{now_iso}',
      data: { id: '{uuid}', status: 'delivered' },
    },
  },
};
