import type { Provider } from '../provider.ts';
import { CHALLENGE } from './families.ts';

export const okta: Provider = {
  id: 'okta',
  name: 'Okta event hooks',
  aliases: ['okta-event-hooks'],
  family: 'token',
  needs: [
    {
      option: 'secret',
      what: 'Authentication secret of the event hook, with the authentication field `Authorization`.',
    },
  ],
  schemes: [{ alg: 'token', sig: { from: 'header:Authorization' } }],
  idempotencyKey: ['{body:/eventId}', '{body:/data/events/*/uuid}'],
  eventType: ['{body:/data/events/*/eventType}', '{body:/eventType}'],
  reply: { status: 200, body: '' },
  handshakes: [
    {
      name: 'verification',
      method: 'GET',
      when: { matches: { 'header:x-okta-verification-challenge': CHALLENGE } },
      signed: false,
      reply: { status: 200, body: { verification: '{header:x-okta-verification-challenge}' } },
    },
  ],
  notes: [
    'Okta waits 3 s for an answer and retries once after a 5xx, never after a 4xx.',
    'Nothing covers the body.',
  ],
  sample: {
    eventType: 'user.lifecycle.create',
    body: {
      eventType: 'com.okta.event_hook',
      eventTypeVersion: '1.0',
      eventId: '{uuid}',
      eventTime: '{now_iso}',
      data: { events: [{ uuid: '{uuid}', eventType: '{event_type}', published: '{now_iso}' }] },
    },
  },
};
