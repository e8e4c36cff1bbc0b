import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const figma: Provider = {
  id: 'figma',
  name: 'Figma',
  family: 'token',
  needs: [{ option: 'secret', what: 'Passcode that you chose when you created the webhook.' }],
  schemes: [{ alg: 'token', sig: { from: 'body:/passcode' } }],
  // retries counts the attempts.
  idempotencyKey: [],
  marks: [
    {
      of: '{without:/retries}',
      when: ['body:/timestamp'],
      windowSeconds: 4 * HOUR,
      source: 'Figma retries after 5 minutes, 30 minutes and 3 hours',
    },
  ],
  sharedBy: 'two events that say the same in the same second',
  eventType: ['{body:/event_type}'],
  reply: { status: 200 },
  handshakes: [
    {
      name: 'ping',
      method: 'POST',
      when: { equals: { 'body:/event_type': 'PING' } },
      signed: true,
      reply: { status: 200, body: '' },
    },
  ],
  notes: [
    'The passcode proves the sender and covers nothing; the stored body contains it.',
    'Figma retries after 5 minutes, 30 minutes and 3 hours; an answer of 400 stops the webhook.',
  ],
  sample: {
    eventType: 'FILE_UPDATE',
    body: {
      event_type: '{event_type}',
      file_key: 'zH4Hbw3NgFCtu2GqDlcm',
      file_name: 'Landing page',
      passcode: '',
      retries: 0,
      timestamp: '{now_iso}',
      webhook_id: '22',
    },
  },
};
