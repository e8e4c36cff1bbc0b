import type { Provider } from '../provider.ts';

export const persona: Provider = {
  id: 'persona',
  name: 'Persona',
  family: 'timestamp-in-signature',
  needs: [{ option: 'secret', what: 'Webhook secret `wbhsec_…`: Persona Dashboard, Webhooks, the webhook.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      // During a rotation there are two groups, each with its own time.
      sig: { from: 'header:Persona-Signature', group: ' ', split: ',', kv: '=', key: 'v1', enc: 'hex' },
      ts: { from: 'sig:t', unit: 's', tol: 300 },
      signed: '{ts}.{body}',
    },
  ],
  idempotencyKey: ['{body:/data/id}'],
  eventType: ['{body:/data/attributes/name}'],
  sample: {
    eventType: 'inquiry.completed',
    body: {
      data: {
        type: 'event',
        id: 'evt_{uuid}',
        attributes: {
          name: '{event_type}',
          payload: { data: { type: 'inquiry', id: 'inq_1001' } },
          'created-at': '{now_iso}',
        },
      },
    },
  },
};
