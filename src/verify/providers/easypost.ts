import type { Provider } from '../provider.ts';

export const easypost: Provider = {
  id: 'easypost',
  name: 'EasyPost',
  family: 'body',
  needs: [{ option: 'secret', what: '`webhook_secret` that you chose when you created the webhook.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Hmac-Signature', prefix: 'hmac-sha256-hex=', enc: 'hex' },
      signed: '{body}',
      key: { derive: 'nfkd' },
    },
  ],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/description}'],
  notes: ['The secret is normalised to Unicode form NFKD before it is used, as EasyPost does.'],
  sample: {
    eventType: 'tracker.updated',
    body: {
      id: 'evt_{uuid}',
      object: 'Event',
      mode: 'test',
      description: '{event_type}',
      status: 'pending',
      created_at: '{now_iso}',
      result: { id: 'trk_1001', object: 'Tracker', status: 'in_transit' },
    },
  },
};
