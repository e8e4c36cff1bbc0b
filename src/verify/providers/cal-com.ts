import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const calCom: Provider = {
  id: 'cal-com',
  name: 'Cal.com',
  family: 'body',
  needs: [{ option: 'secret', what: 'Secret of the webhook: Cal.com, Settings, Developer, Webhooks.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Cal-Signature-256', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: [],
  marks: [
    {
      when: ['body:/createdAt'],
      windowSeconds: HOUR,
      source: 'the task queue of Cal.com makes up to three attempts, a minute apart',
    },
  ],
  eventType: ['{body:/triggerEvent}'],
  handshakes: [
    {
      name: 'ping test',
      method: 'POST',
      when: { equals: { 'body:/triggerEvent': 'PING' } },
      signed: true,
      action: { kind: 'keep-event' },
      reply: { status: 200, body: '' },
    },
  ],
  notes: [
    'Without a secret the header is `no-secret-provided`, and the delivery is refused.',
    'Cal.com makes at most three attempts.',
  ],
  sample: {
    eventType: 'BOOKING_CREATED',
    body: {
      triggerEvent: '{event_type}',
      createdAt: '{now_iso}',
      payload: { uid: '{uuid}', title: '30 min with Ada', status: 'ACCEPTED' },
    },
  },
};
