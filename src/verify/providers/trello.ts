import type { Provider } from '../provider.ts';

export const trello: Provider = {
  id: 'trello',
  name: 'Trello',
  family: 'url',
  needs: [
    {
      option: 'secret',
      what: 'Secret of the Power-Up whose key created the webhook: trello.com/power-ups/admin, API key.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      // Trello signs with SHA-1 only.
      hash: 'sha1',
      sig: { from: 'header:X-Trello-Webhook', enc: 'base64' },
      signed: '{body}{url}',
    },
  ],
  // A card and its board may both be watched.
  idempotencyKey: ['{body:/action/id}:{body:/model/id}', '{body:/action/id}'],
  eventType: ['{body:/action/type}'],
  reply: { status: 200 },
  handshakes: [{ name: 'URL check', method: 'HEAD', signed: false, reply: { status: 200, body: '' } }],
  notes: [
    'The URL is signed exactly as registered: set `publicUrl` behind a proxy.',
    'Trello retries after 30, 60 and 120 s.',
  ],
  sample: {
    eventType: 'updateCard',
    body: {
      action: {
        id: '{uuid}',
        idMemberCreator: '556c8537a1928ba745504dd8',
        type: '{event_type}',
        date: '{now_iso}',
        data: { card: { id: '5d51b8a9', name: 'Ship it' }, board: { id: '4d5ea62fd76aa1136000000c' } },
      },
      model: { id: '4d5ea62fd76aa1136000000c', name: 'Trello Development' },
    },
  },
};
