import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const postmark: Provider = {
  id: 'postmark',
  name: 'Postmark',
  family: 'token',
  needs: [
    {
      option: 'secret',
      what: '`user:password` of your choice, as in the webhook URL (https://user:password@…).',
    },
  ],
  schemes: [{ alg: 'basic' }],
  // Bounces and complaints have an id, inbound messages their own. A message is opened and clicked more than once.
  idempotencyKey: [
    '{body:/RecordType}:{body:/ID}',
    { of: '{body:/MessageID}', absent: ['body:/RecordType'] },
  ],
  marks: [
    {
      when: ['body:/DeliveredAt', 'body:/ReceivedAt', 'body:/ChangedAt'],
      windowSeconds: 12 * HOUR,
      source: 'Postmark retries ten times within about eleven hours',
    },
  ],
  sharedBy: 'two events that say the same in the same second',
  formerKeys: {
    of: [
      '{body:/RecordType}:{body:/MessageID}:{body:/Recipient}:{body:/DeliveredAt}',
      '{body:/RecordType}:{body:/MessageID}:{body:/Recipient}:{body:/ChangedAt}',
    ],
    seconds: 12 * HOUR,
  },
  eventType: ['{body:/RecordType}'],
  reply: { status: 200 },
  notes: [
    'Postmark does not sign; the password proves the sender, and nothing covers the body.',
    'Postmark retries about ten times over eleven hours (three times for opens and clicks); an answer of 403 ends the retries.',
  ],
  sample: {
    eventType: 'Delivery',
    body: {
      RecordType: '{event_type}',
      MessageID: '{uuid}',
      Recipient: 'ada@example.org',
      DeliveredAt: '{now_iso}',
      MessageStream: 'outbound',
    },
  },
};
