import type { Provider } from '../provider.ts';

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
  idempotencyKey: ['{body:/event}:{body:/data/id}'],
  eventType: ['{body:/event}'],
  reply: { status: 200 },
  notes: ['The hash is SHA-512.'],
  sample: {
    eventType: 'charge.success',
    body: '{"event":"{event_type}","data":{"id":{now_ms},"domain":"test","status":"success","reference":"{uuid}","amount":4200,"currency":"NGN","paid_at":"{now_iso}"}}',
  },
};
