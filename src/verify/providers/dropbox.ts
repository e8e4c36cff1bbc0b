import type { Provider } from '../provider.ts';
import { CHALLENGE } from './families.ts';

export const dropbox: Provider = {
  id: 'dropbox',
  name: 'Dropbox',
  family: 'body',
  needs: [{ option: 'secret', what: 'App secret: Dropbox App Console, the app, Settings.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Dropbox-Signature', enc: 'hex' },
      signed: '{body}',
    },
  ],
  // The body says only whose files changed, in the same bytes each time.
  idempotencyKey: [],
  eventType: ['{key:delta}'],
  handshakes: [
    {
      name: 'challenge',
      method: 'GET',
      when: { matches: { 'query:challenge': CHALLENGE } },
      signed: false,
      reply: { status: 200, body: '{query:challenge}' },
    },
  ],
  notes: [
    'A notification names accounts, not changes: ask Dropbox for the changes.',
    'A notification has neither an id nor a time: every one is a new event, retries included.',
  ],
  sample: {
    eventType: 'list_folder',
    body: {
      list_folder: { accounts: ['dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc'] },
      delta: { users: [12345678] },
    },
  },
};
