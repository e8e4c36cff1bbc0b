import type { Provider } from '../provider.ts';

export const favro: Provider = {
  id: 'favro',
  name: 'Favro',
  family: 'url',
  needs: [{ option: 'secret', what: 'Secret that you chose when you created the webhook.' }],
  schemes: [
    {
      alg: 'hmac',
      // Favro signs with SHA-1 only.
      hash: 'sha1',
      sig: { from: 'header:X-Favro-Webhook', enc: 'base64' },
      signed: '{body:/payloadId}{url}',
    },
  ],
  idempotencyKey: ['{body:/payloadId}'],
  eventType: ['{body:/action}'],
  notes: [
    'Only the payload’s id and the URL are signed; the rest of the body is not covered.',
    'The URL must be the registered one: set `publicUrl` behind a proxy.',
  ],
  sample: {
    eventType: 'created',
    body: {
      payloadId: '{uuid}',
      action: '{event_type}',
      hookId: '{uuid}',
      card: { cardId: '1001', name: 'Ship it' },
    },
  },
};
