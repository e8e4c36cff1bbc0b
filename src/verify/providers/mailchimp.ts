import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const mailchimp: Provider = {
  id: 'mailchimp',
  name: 'Mailchimp Marketing',
  family: 'token',
  needs: [
    {
      option: 'secret',
      what: 'A secret of your choice, in the callback URL as `?secret=…`: Mailchimp does not sign.',
    },
  ],
  schemes: [{ alg: 'token', sig: { from: 'query:secret' } }],
  // data[id] is the id of the subscriber.
  idempotencyKey: [],
  marks: [
    {
      when: ['form:fired_at'],
      windowSeconds: 2 * HOUR,
      source: 'Mailchimp retries three times within about 75 minutes',
    },
  ],
  sharedBy: 'two events that say the same in the same second',
  eventType: ['{form:type}'],
  reply: { status: 200 },
  handshakes: [{ name: 'URL check', method: 'GET', signed: false, reply: { status: 200, body: '' } }],
  notes: ['The secret proves the sender and covers nothing.'],
  sample: {
    eventType: 'subscribe',
    contentType: 'application/x-www-form-urlencoded',
    body: 'type={event_type}&fired_at={now_iso}&data%5Bid%5D=8a25ff1d98&data%5Blist_id%5D=a6b5da1054&data%5Bemail%5D=ada%40example.org',
  },
};
