import type { Provider } from '../provider.ts';
import { DAY } from './families.ts';

export const airtable: Provider = {
  id: 'airtable',
  name: 'Airtable',
  family: 'body',
  needs: [
    { option: 'secret', what: '`macSecretBase64` from the answer to the webhook’s creation, as it is.' },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      // Hex, although some guides say base64.
      sig: { from: 'header:X-Airtable-Content-MAC', prefix: 'hmac-sha256=', enc: 'hex' },
      signed: '{body}',
      key: { enc: 'base64' },
    },
  ],
  idempotencyKey: [],
  marks: [
    { when: ['body:/timestamp'], windowSeconds: DAY, source: 'Airtable retries 13 times within about a day' },
  ],
  sharedBy: 'two notifications of one webhook in the same millisecond',
  formerKeys: { of: ['{body:/webhook/id}:{body:/timestamp}'], seconds: DAY },
  eventType: ['ping'],
  reply: { status: 200, body: '' },
  notes: [
    'A notification says only that there are changes: fetch the payloads with a cursor.',
    'The webhook expires after seven days unless it is refreshed. Airtable retries 13 times within about a day.',
  ],
  sample: {
    eventType: 'ping',
    body: { base: { id: 'app00000000000000' }, webhook: { id: 'ach00000000000001' }, timestamp: '{now_iso}' },
  },
};
