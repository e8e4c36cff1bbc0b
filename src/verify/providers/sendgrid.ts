import type { Provider } from '../provider.ts';

export const sendgrid: Provider = {
  id: 'sendgrid',
  name: 'SendGrid Event Webhook',
  aliases: ['twilio-sendgrid'],
  family: 'public-key',
  needs: [
    {
      option: 'publicKey',
      what: 'Verification Key (base64): SendGrid, Settings, Mail Settings, Event Webhook, Signed Event Webhook.',
    },
  ],
  schemes: [
    {
      alg: 'ecdsa-p256',
      sig: { from: 'header:X-Twilio-Email-Event-Webhook-Signature', enc: 'base64' },
      ts: { from: 'header:X-Twilio-Email-Event-Webhook-Timestamp', unit: 's', tol: null },
      signed: '{ts}{body}',
      pub: 'spki-b64',
      // There is no separator between time and body: a digit of one could pass for a digit of the other.
      matches: { 'header:X-Twilio-Email-Event-Webhook-Timestamp': '\\d{10}' },
    },
  ],
  idempotencyKey: ['{body:/*/sg_event_id}'],
  eventType: ['{body:/*/event}'],
  notes: [
    'One delivery is a batch: its type lists the types of its items, its key their ids.',
    'The body ends with a line break that is signed too: no proxy may trim it.',
    'SendGrid retries for 24 hours.',
  ],
  sample: {
    eventType: 'delivered',
    body: '[{"email":"ada@example.org","timestamp":{now_s},"event":"{event_type}","sg_event_id":"{uuid}","sg_message_id":"14c5d75ce93.dfd.64b469"}]\r\n',
  },
};
