import type { Provider } from '../provider.ts';
import type { SignatureRule } from '../scheme.ts';

const SIGNATURE: SignatureRule = { from: 'header:X-Twilio-Signature', enc: 'base64' };

export const twilio: Provider = {
  id: 'twilio',
  name: 'Twilio',
  family: 'url',
  needs: [
    {
      option: 'secret',
      what: 'Auth Token: Twilio Console, Account Info (of the subaccount, if you use one).',
    },
  ],
  // Twilio signs the URL sometimes with the port and sometimes without.
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha1',
      sig: SIGNATURE,
      signed: ['{url}{form_sorted}', '{url:port}{form_sorted}', '{url:noport}{form_sorted}'],
      when: { noQuery: 'bodySHA256', notContentType: ['application/json'] },
    },
    // JSON: only the URL is signed, and it contains the hash of the body.
    {
      alg: 'hmac',
      hash: 'sha1',
      sig: SIGNATURE,
      signed: ['{url}', '{url:port}', '{url:noport}'],
      bodyHashQuery: 'bodySHA256',
      when: { query: 'bodySHA256' },
    },
  ],
  idempotencyKey: ['{header:I-Twilio-Idempotency-Token}'],
  // The order of form fields is not signed, so bodies with one signature may differ.
  replayKey: '{header:X-Twilio-Signature}',
  // With GET the parameters are in the URL, which is signed.
  methods: ['POST', 'GET'],
  eventType: ['{form:MessageStatus}', '{form:SmsStatus}', '{form:CallStatus}'],
  // Calls and messages expect TwiML; an empty document does nothing.
  reply: {
    status: 200,
    body: '<?xml version="1.0" encoding="UTF-8"?><Response></Response>',
    contentType: 'text/xml',
  },
  notes: [
    'The URL must be the one configured at Twilio: set `publicUrl` behind a proxy.',
    'Twilio retries only if the URL asks for it (`#rc=3`).',
    'The answer is an empty TwiML document: fit for status callbacks, not for controlling calls.',
  ],
  sample: {
    eventType: 'delivered',
    contentType: 'application/x-www-form-urlencoded',
    headers: { 'I-Twilio-Idempotency-Token': '{uuid}' },
    body: 'AccountSid=AC00000000000000000000000000000000&From=%2B15017122661&MessageSid=SM{uuid}&MessageStatus={event_type}&To=%2B15558675310',
  },
};
