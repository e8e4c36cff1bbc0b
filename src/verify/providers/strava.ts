import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const strava: Provider = {
  id: 'strava',
  name: 'Strava',
  family: 'token',
  needs: [
    {
      option: 'secret',
      what: 'Verify token of your choice; add it to the callback URL as well (`?token=…`), since Strava does not sign its events.',
    },
  ],
  schemes: [{ alg: 'token', sig: { from: 'query:token' } }],
  idempotencyKey: [],
  marks: [{ when: ['body:/event_time'], windowSeconds: HOUR, source: 'Strava makes up to three attempts' }],
  sharedBy: 'two events that say the same in the same second',
  eventType: ['{body:/object_type}.{body:/aspect_type}'],
  reply: { status: 200 },
  handshakes: [
    {
      name: 'subscription verification',
      method: 'GET',
      when: {
        equals: { 'query:hub.mode': 'subscribe' },
        matches: { 'query:hub.challenge': '[A-Za-z0-9_-]{1,256}' },
      },
      signed: false,
      secretAt: 'query:hub.verify_token',
      reply: { status: 200, body: { 'hub.challenge': '{query:hub.challenge}' } },
    },
  ],
  notes: [
    'Nothing covers the body: fetch the activity before you trust what an event says.',
    'Strava waits 2 s for an answer and makes up to three attempts.',
  ],
  sample: {
    eventType: 'activity.create',
    body: '{"aspect_type":"create","event_time":{now_s},"object_id":1360128428,"object_type":"activity","owner_id":134815,"subscription_id":120475,"updates":{}}',
  },
};
