import type { Provider } from '../provider.ts';
import type { Scheme } from '../scheme.ts';
import { HOUR } from './families.ts';

/**
 * Mailgun retries for about eight hours. A token is accepted from twelve hours before its time to twelve hours after it,
 * and has to be remembered for as long.
 */
const TOLERANCE_SECONDS = 43_200;

const EVENT: Scheme = {
  alg: 'hmac',
  hash: 'sha256',
  sig: { from: 'body:/signature/signature', enc: 'hex' },
  ts: { from: 'body:/signature/timestamp', unit: 's', tol: TOLERANCE_SECONDS },
  signed: '{body:/signature/timestamp}{body:/signature/token}',
  // There is no separator: a digit of one could pass for a digit of the other, and a used token for a new one.
  matches: { 'body:/signature/timestamp': '\\d{10}' },
};

export const mailgun: Provider = {
  id: 'mailgun',
  name: 'Mailgun',
  family: 'in-body',
  needs: [{ option: 'secret', what: 'HTTP webhook signing key: Mailgun, Account settings, API security.' }],
  schemes: [
    EVENT,
    // Of a subaccount, signed with the key of its parent account.
    { ...EVENT, sig: { from: 'body:/signature/parent-signature', enc: 'hex' } },
    // Inbound routes send the three values as form fields.
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'form:signature', enc: 'hex' },
      ts: { from: 'form:timestamp', unit: 's', tol: TOLERANCE_SECONDS },
      signed: '{form:timestamp}{form:token}',
      matches: { 'form:timestamp': '\\d{10}' },
    },
  ],
  // Mailgun keeps an event’s id unique within a day only.
  idempotencyKey: [
    '{body:/event-data/id}:{body:/event-data/timestamp}',
    { of: '{body:/event-data/id}', holdsSeconds: 9 * HOUR },
    '{form:timestamp}{form:token}',
  ],
  formerKeys: { of: ['{body:/event-data/id}'], seconds: 9 * HOUR },
  replayKey: ['{body:/signature/timestamp}{body:/signature/token}', '{form:timestamp}{form:token}'],
  replayWindowSeconds: 2 * TOLERANCE_SECONDS,
  eventType: ['{body:/event-data/event}'],
  reply: { status: 200 },
  notes: [
    'The signature covers a timestamp and a token but not the event: each token is accepted once, and for twelve hours.',
    '`replayWindowSeconds` cannot be less than a day, nor than twice `toleranceSeconds`.',
    'An answer of 406 ends the retries; after any other failure Mailgun retries for about eight hours.',
  ],
  sample: {
    eventType: 'delivered',
    body: {
      signature: {
        timestamp: '{now_s}',
        token: 'd8f5c0f1a2b34c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e',
        signature: '',
      },
      'event-data': {
        id: '{uuid}',
        event: '{event_type}',
        recipient: 'ada@example.org',
        timestamp: 1760000000.123,
      },
    },
  },
};
