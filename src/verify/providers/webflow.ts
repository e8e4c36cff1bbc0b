import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const webflow: Provider = {
  id: 'webflow',
  name: 'Webflow',
  family: 'timestamp-beside',
  needs: [
    {
      option: 'secret',
      what: 'Client secret of the app that created the webhook, or the secret key that the dashboard shows for its webhooks.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:x-webflow-signature', enc: 'hex' },
      ts: { from: 'header:x-webflow-timestamp', unit: 'ms', tol: 300 },
      signed: '{ts}:{body}',
    },
  ],
  idempotencyKey: [],
  marks: [
    {
      when: [
        'body:/payload/submittedAt',
        'body:/payload/lastUpdated',
        'body:/payload/lastEdited',
        'body:/payload/publishedOn',
        'body:/payload/publishTime',
        'body:/payload/deletedOn',
      ],
      windowSeconds: HOUR,
      source: 'Webflow retries three times, ten minutes apart',
    },
  ],
  sharedBy: 'two events that say the same in the same millisecond',
  eventType: ['{body:/triggerType}'],
  reply: { status: 200 },
  notes: ['The timestamp is in milliseconds.'],
  sample: {
    eventType: 'form_submission',
    body: {
      triggerType: '{event_type}',
      payload: {
        name: 'Contact Us',
        siteId: '65427cf400e02b306eaa049c',
        data: { email: 'ada@example.org' },
        submittedAt: '{now_iso}',
        id: '{uuid}',
      },
    },
  },
};
