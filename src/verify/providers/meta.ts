import type { Provider } from '../provider.ts';
import { CHALLENGE } from './families.ts';

const VALUE = 'body:/entry/*/changes/*/value';
const MESSAGES = `{${VALUE}/messages/*/id}`;
const STATUSES = `{${VALUE}/statuses/*/id}:{${VALUE}/statuses/*/status}`;

export const meta: Provider = {
  id: 'meta',
  name: 'Meta (Facebook, Instagram, WhatsApp, Messenger)',
  aliases: ['facebook', 'instagram', 'whatsapp', 'messenger', 'threads'],
  family: 'body',
  needs: [
    { option: 'secret', what: 'App secret: Meta for Developers, the app, App settings, Basic.' },
    {
      option: 'params.verifyToken',
      what: 'Verify token that you enter beside the callback URL; without it the secret is expected there.',
      optional: true,
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Hub-Signature-256', prefix: 'sha256=', enc: 'hex' },
      signed: '{body}',
    },
  ],
  // WhatsApp names its messages. Entries have but a time in seconds, within which two may fall: the body's hash is theirs.
  idempotencyKey: [`${MESSAGES}:${STATUSES}`, MESSAGES, STATUSES],
  eventType: ['{body:/object}.{body:/entry/*/changes/*/field}', '{body:/object}'],
  reply: { status: 200 },
  handshakes: [
    {
      name: 'subscription verification',
      method: 'GET',
      when: { equals: { 'query:hub.mode': 'subscribe' }, matches: { 'query:hub.challenge': CHALLENGE } },
      signed: false,
      secretAt: 'query:hub.verify_token',
      secretParam: 'verifyToken',
      reply: { status: 200, body: '{query:hub.challenge}' },
    },
    {
      name: 'subscription verification with another mode',
      method: 'GET',
      when: { query: 'hub.mode' },
      signed: false,
      reply: { status: 403, body: '' },
    },
  ],
  notes: [
    'One delivery may hold up to a thousand changes.',
    'Retried for 36 hours, by WhatsApp for seven days.',
    'The verify token travels in a URL: give it as `params.verifyToken`, and keep the app secret for signatures.',
  ],
  sample: {
    eventType: 'whatsapp_business_account.messages',
    body: {
      object: 'whatsapp_business_account',
      entry: [
        {
          id: '102290129340398',
          changes: [
            {
              field: 'messages',
              value: {
                messaging_product: 'whatsapp',
                metadata: { phone_number_id: '106540352242922' },
                messages: [
                  {
                    id: 'wamid.{uuid}',
                    from: '16505551234',
                    timestamp: '{now_s}',
                    type: 'text',
                    text: { body: 'Hello' },
                  },
                ],
              },
            },
          ],
        },
      ],
    },
  },
};
