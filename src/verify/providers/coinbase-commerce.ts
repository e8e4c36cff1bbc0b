import type { Provider } from '../provider.ts';

export const coinbaseCommerce: Provider = {
  id: 'coinbase-commerce',
  name: 'Coinbase Commerce',
  aliases: ['coinbase'],
  family: 'body',
  needs: [{ option: 'secret', what: 'Webhook shared secret: Coinbase Commerce, Settings, Notifications.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-CC-Webhook-Signature', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{body:/event/id}'],
  eventType: ['{body:/event/type}'],
  reply: { status: 200 },
  notes: [
    'Coinbase has replaced Commerce with its Developer Platform: see coinbase-cdp.',
    'Coinbase retries for three days.',
  ],
  sample: {
    eventType: 'charge:confirmed',
    body: {
      id: 1,
      scheduled_for: '{now_iso}',
      attempt_number: 1,
      event: { id: '{uuid}', type: '{event_type}', created_at: '{now_iso}', data: { code: '66BEOV2A' } },
    },
  },
};
