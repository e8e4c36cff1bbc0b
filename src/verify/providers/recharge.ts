import type { Provider } from '../provider.ts';
import { DAY } from './families.ts';

export const recharge: Provider = {
  id: 'recharge',
  name: 'Recharge',
  family: 'digest',
  needs: [{ option: 'secret', what: 'API client secret: Recharge, Integrations, API tokens, the token.' }],
  schemes: [
    {
      alg: 'digest',
      hash: 'sha256',
      sig: { from: 'header:X-Recharge-Hmac-Sha256', enc: 'hex' },
      signed: '{secret}{body}',
    },
  ],
  // Several topics may send the same bytes.
  idempotencyKey: [],
  marks: [
    {
      of: '{header:X-Recharge-Topic}:{body_sha256_hex}',
      when: [
        'body:/charge/updated_at',
        'body:/subscription/updated_at',
        'body:/order/updated_at',
        'body:/customer/updated_at',
        'body:/address/updated_at',
        'body:/onetime/updated_at',
        'body:/checkout/updated_at',
        'body:/plan/updated_at',
        'body:/product/updated_at',
      ],
      windowSeconds: 2 * DAY,
      source: 'Recharge retries 20 times within 48 hours',
    },
  ],
  sharedBy: 'two events of one topic that say the same in the same second',
  eventType: ['{header:X-Recharge-Topic}', '{key:meta}'],
  notes: ['Despite the header’s name, it is a plain digest.'],
  sample: {
    eventType: 'subscription/created',
    headers: { 'X-Recharge-Topic': '{event_type}' },
    body: { subscription: { id: 1001, status: 'active', updated_at: '{now_iso}' } },
  },
};
