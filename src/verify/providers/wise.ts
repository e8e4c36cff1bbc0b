import type { Provider } from '../provider.ts';

export const wise: Provider = {
  id: 'wise',
  name: 'Wise',
  aliases: ['transferwise'],
  family: 'public-key',
  needs: [
    {
      option: 'publicKey',
      what: 'Public key (PEM) of the environment, from the page of Wise’s documentation on event handling.',
    },
  ],
  schemes: [
    {
      alg: 'rsa-sha256',
      sig: { from: 'header:X-Signature-SHA256', enc: 'base64' },
      signed: '{body}',
      pub: 'pem',
    },
  ],
  idempotencyKey: ['{header:X-Delivery-Id}'],
  replayKey: '{body_sha256_hex}',
  eventType: ['{body:/event_type}'],
  reply: { status: 200 },
  sample: {
    eventType: 'transfers#state-change',
    headers: { 'X-Delivery-Id': '{uuid}' },
    body: {
      event_type: '{event_type}',
      schema_version: '2.0.0',
      sent_at: '{now_iso}',
      subscription_id: '{uuid}',
      data: {
        resource: { type: 'transfer', id: 111 },
        current_state: 'processing',
        occurred_at: '{now_iso}',
      },
    },
  },
};
