import type { Provider } from '../provider.ts';

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
  idempotencyKey: [],
  eventType: ['{header:X-Recharge-Topic}', '{key:meta}'],
  notes: ['For all the header’s name, it is a plain digest.'],
  sample: {
    eventType: 'subscription/created',
    headers: { 'X-Recharge-Topic': '{event_type}' },
    body: { subscription: { id: 1001, status: 'active', updated_at: '{now_iso}' } },
  },
};
