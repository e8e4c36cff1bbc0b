import type { Provider } from '../provider.ts';

export const intercom: Provider = {
  id: 'intercom',
  name: 'Intercom',
  family: 'body',
  needs: [{ option: 'secret', what: 'Client secret: Intercom Developer Hub, the app, Basic information.' }],
  schemes: [
    {
      alg: 'hmac',
      // Intercom signs with SHA-1 only.
      hash: 'sha1',
      sig: { from: 'header:X-Hub-Signature', prefix: 'sha1=', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/topic}'],
  handshakes: [
    { name: 'URL check', method: 'HEAD', signed: false, reply: { status: 200, body: '' } },
    {
      name: 'ping',
      method: 'POST',
      when: { equals: { 'body:/topic': 'ping' } },
      signed: true,
      action: { kind: 'keep-event' },
      reply: { status: 200, body: '' },
    },
  ],
  notes: [
    'Intercom retries once, after a minute.',
    'An answer of 410 disables the subscription, 429 throttles it.',
  ],
  sample: {
    eventType: 'conversation.user.created',
    body: {
      type: 'notification_event',
      app_id: 'a86dr8yl',
      id: 'notif_{uuid}',
      topic: '{event_type}',
      created_at: 1760000000,
      data: { type: 'notification_event_data', item: { type: 'conversation', id: '147' } },
    },
  },
};
