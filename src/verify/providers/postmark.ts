import type { Provider } from '../provider.ts';

export const postmark: Provider = {
  id: 'postmark',
  name: 'Postmark',
  family: 'token',
  needs: [
    {
      option: 'secret',
      what: '`user:password` of your choice, the same that you put into the webhook URL (https://user:password@…).',
    },
  ],
  schemes: [{ alg: 'basic' }],
  // A message is opened and clicked more than once, so that its id alone names too much.
  idempotencyKey: [
    '{body:/RecordType}:{body:/ID}',
    '{body:/RecordType}:{body:/MessageID}:{body:/Recipient}:{body:/DeliveredAt}',
    '{body:/RecordType}:{body:/MessageID}:{body:/Recipient}:{body:/ReceivedAt}',
    '{body:/RecordType}:{body:/MessageID}:{body:/Recipient}:{body:/ChangedAt}',
    '{body:/RecordType}:{body:/MessageID}',
    '{body:/MessageID}',
  ],
  eventType: ['{body:/RecordType}'],
  reply: { status: 200 },
  notes: [
    'Postmark does not sign; the password proves the sender, and nothing covers the body.',
    'An answer of 403 ends the retries, of which there are about ten over some hours (three for opens and clicks).',
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
