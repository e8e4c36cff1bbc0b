import type { Provider } from '../provider.ts';
import { DAY } from './families.ts';

export const mandrill: Provider = {
  id: 'mandrill',
  name: 'Mailchimp Transactional (Mandrill)',
  aliases: ['mailchimp-transactional'],
  family: 'url',
  needs: [{ option: 'secret', what: 'Key of the webhook: Mandrill, Settings, Webhooks.' }],
  schemes: [
    {
      alg: 'hmac',
      // Mandrill signs with SHA-1 only.
      hash: 'sha1',
      sig: { from: 'header:X-Mandrill-Signature', enc: 'base64' },
      signed: '{url}{form_sorted}',
    },
  ],
  // _id is the id of the message, which is opened and clicked more than once.
  idempotencyKey: [],
  marks: [
    {
      of: '{form:mandrill_events}',
      when: ['form:mandrill_events/*/ts'],
      windowSeconds: 3 * DAY,
      source: 'Mandrill retries a batch until it is given up, for up to three days',
    },
  ],
  sharedBy: 'two events that say the same in the same second',
  // There is no separator between names and values, so the signature identifies the event and the form does not.
  replayKey: '{header:X-Mandrill-Signature}',
  eventType: ['{form:mandrill_events/*/event}', '{form:mandrill_events/*/type}'],
  reply: { status: 200 },
  handshakes: [
    { name: 'URL check', method: 'HEAD', signed: false, reply: { status: 200, body: '' } },
    {
      // Signed with the key "test-webhook" before the real key exists; it contains nothing.
      name: 'empty test batch',
      method: 'POST',
      when: { equals: { 'form:mandrill_events': '[]' } },
      signed: false,
      reply: { status: 200, body: '' },
    },
  ],
  notes: [
    'The URL is signed: set `publicUrl` behind a proxy.',
    'Names and values of the form are signed without a separator: a captured delivery can be split at other places. With `replayWindowSeconds` it is recognised by its signature.',
    'One delivery is a batch, as JSON in the field `mandrill_events`.',
  ],
  sample: {
    eventType: 'send',
    contentType: 'application/x-www-form-urlencoded',
    body: 'mandrill_events=%5B%7B%22event%22%3A%22{event_type}%22%2C%22_id%22%3A%22{uuid}%22%2C%22ts%22%3A{now_s}%2C%22msg%22%3A%7B%22email%22%3A%22ada%40example.org%22%7D%7D%5D',
  },
};
