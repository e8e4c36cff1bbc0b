import type { Provider } from '../provider.ts';
import { CHALLENGE, DAY } from './families.ts';

export const oura: Provider = {
  id: 'oura',
  name: 'Oura',
  family: 'timestamp-beside',
  needs: [
    { option: 'secret', what: 'Client secret of the app: Oura developer portal.' },
    {
      option: 'params.verificationToken',
      what: 'verification_token that you chose when you subscribed; without it the secret is expected.',
      optional: true,
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:x-oura-signature', enc: 'HEX' },
      // Signed, but Oura documents neither unit nor tolerance.
      signed: '{header:x-oura-timestamp}{body}',
    },
  ],
  idempotencyKey: [],
  marks: [
    {
      when: ['body:/event_time'],
      windowSeconds: DAY,
      source: 'Oura names no schedule; a day covers its retries',
    },
  ],
  sharedBy: 'two events that say the same in the same second',
  eventType: ['{body:/data_type}.{body:/event_type}'],
  reply: { status: 200 },
  handshakes: [
    {
      name: 'subscription verification',
      method: 'GET',
      when: { matches: { 'query:challenge': CHALLENGE } },
      signed: false,
      secretAt: 'query:verification_token',
      secretParam: 'verificationToken',
      reply: { status: 200, body: { challenge: '{query:challenge}' } },
    },
  ],
  notes: ['The signature is upper-case hex.', 'Subscriptions expire: renew them.'],
  sample: {
    eventType: 'sleep.update',
    body: {
      event_type: 'update',
      data_type: 'sleep',
      object_id: '{uuid}',
      event_time: '{now_iso}',
      user_id: '{uuid}',
    },
  },
};
