import type { Provider } from '../provider.ts';

export const workos: Provider = {
  id: 'workos',
  name: 'WorkOS',
  family: 'timestamp-in-signature',
  needs: [{ option: 'secret', what: 'Signing secret: WorkOS Dashboard, Webhooks, the endpoint.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      // A space follows the comma.
      sig: { from: 'header:WorkOS-Signature', split: ',', kv: '=', key: 'v1', trim: true, enc: 'hex' },
      ts: { from: 'sig:t', unit: 'ms', tol: 180 },
      signed: '{ts}.{body}',
    },
  ],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/event}'],
  notes: ['The tolerance is three minutes, and the timestamp is in milliseconds.'],
  sample: {
    eventType: 'dsync.user.created',
    body: {
      id: 'event_{uuid}',
      event: '{event_type}',
      created_at: '{now_iso}',
      data: { object: 'directory_user', id: 'directory_user_01E1JG7J09H96KYP8HM9B0G5SJ', state: 'active' },
    },
  },
};
