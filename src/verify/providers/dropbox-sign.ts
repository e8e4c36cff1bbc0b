import type { Provider } from '../provider.ts';
import { DAY } from './families.ts';

// The event is JSON in the field `json` of a multipart form; app callbacks may be plain JSON.
export const dropboxSign: Provider = {
  id: 'dropbox-sign',
  name: 'Dropbox Sign (HelloSign)',
  aliases: ['hellosign'],
  family: 'in-body',
  needs: [{ option: 'secret', what: 'API key: Dropbox Sign, Settings, API. It signs the events.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'form:json/event/event_hash', enc: 'hex' },
      signed: '{form:json/event/event_time}{form:json/event/event_type}',
      matches: { 'form:json/event/event_time': '\\d{10}' },
    },
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'body:/event/event_hash', enc: 'hex' },
      signed: '{body:/event/event_time}{body:/event/event_type}',
      matches: { 'body:/event/event_time': '\\d{10}' },
    },
  ],
  // The signed hash covers a second and a type, which two signers of one request can share.
  idempotencyKey: [],
  marks: [
    {
      of: '{form:json}',
      when: ['form:json/event/event_time'],
      windowSeconds: 3 * DAY,
      source: 'Dropbox Sign retries for about three days',
    },
    {
      when: ['body:/event/event_time'],
      windowSeconds: 3 * DAY,
      source: 'Dropbox Sign retries for about three days',
    },
  ],
  sharedBy: 'two events that say the same in the same second',
  eventType: ['{form:json/event/event_type}', '{body:/event/event_type}'],
  reply: { status: 200, body: 'Hello API Event Received', contentType: 'text/plain' },
  handshakes: [
    {
      name: 'callback_test',
      method: 'POST',
      when: { equals: { 'form:json/event/event_type': 'callback_test' } },
      signed: true,
      reply: { status: 200, body: 'Hello API Event Received' },
    },
    {
      name: 'callback_test as JSON',
      method: 'POST',
      when: { equals: { 'body:/event/event_type': 'callback_test' } },
      signed: true,
      reply: { status: 200, body: 'Hello API Event Received' },
    },
  ],
  notes: [
    'Only the time and the type of an event are signed: anyone who has seen an event can forge the rest.',
    'Dropbox Sign takes any answer without the text `Hello API Event Received` as a failure.',
  ],
  sample: {
    eventType: 'signature_request_signed',
    contentType: 'application/x-www-form-urlencoded',
    body: 'json=%7B%22event%22%3A%7B%22event_type%22%3A%22{event_type}%22%2C%22event_time%22%3A%22{now_s}%22%2C%22event_hash%22%3A%22%22%7D%2C%22signature_request%22%3A%7B%22signature_request_id%22%3A%22{uuid}%22%7D%7D',
  },
};
