import type { Provider } from '../provider.ts';

export const synctera: Provider = {
  id: 'synctera',
  name: 'Synctera',
  family: 'timestamp-beside',
  needs: [{ option: 'secret', what: 'Webhook secret, created by POST /v0/webhook_secrets.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      // During a rotation there are two signatures, separated by a dot.
      sig: { from: 'header:Synctera-Signature', split: '.', enc: 'hex' },
      ts: { from: 'header:Request-Timestamp', unit: 's', tol: 300 },
      signed: '{ts}.{body}',
    },
  ],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/type}'],
  sample: {
    eventType: 'ACCOUNT.UPDATED',
    body: { id: '{uuid}', type: '{event_type}', event_time: '{now_iso}', event_resource: '{"id":"1001"}' },
  },
};
