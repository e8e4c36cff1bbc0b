import type { Provider } from '../provider.ts';

export const paddle: Provider = {
  id: 'paddle',
  name: 'Paddle Billing',
  aliases: ['paddle-billing'],
  family: 'timestamp-in-signature',
  needs: [
    {
      option: 'secret',
      what: 'Secret key `pdl_ntfset_…`: Paddle, Developer tools, Notifications, the destination.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:Paddle-Signature', split: ';', kv: '=', key: 'h1', enc: 'hex' },
      ts: { from: 'sig:ts', unit: 's', tol: 5 },
      signed: '{ts}:{body}',
      key: { enc: 'utf8' },
    },
  ],
  idempotencyKey: ['{body:/event_id}', '{body:/notification_id}'],
  eventType: ['{body:/event_type}'],
  notes: [
    'The tolerance is 5 s, as in Paddle’s own SDK: set `toleranceSeconds` behind a proxy that queues, or if the clock drifts.',
    'During a rotation there are two signatures; either may match.',
    'Paddle retries sixty times in three days, in the sandbox three times in 15 minutes.',
  ],
  sample: {
    eventType: 'transaction.completed',
    body: {
      event_id: 'evt_{uuid}',
      event_type: '{event_type}',
      occurred_at: '{now_iso}',
      notification_id: 'ntf_{uuid}',
      data: { id: 'txn_01hv8wptq8987qeep44cyrewp9', status: 'completed', currency_code: 'EUR' },
    },
  },
};
