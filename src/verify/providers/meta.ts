import type { Provider } from '../provider.ts';
import { CHALLENGE, DAY, HOUR } from './families.ts';

const ENTRY = 'body:/entry/0';
const VALUE = `${ENTRY}/changes/0/value`;
/** A batch of more than one change has no id for all of them. */
const SINGLE = ['body:/entry/1', `${ENTRY}/changes/1`, `${VALUE}/messages/1`, `${VALUE}/statuses/1`] as const;

export const meta: Provider = {
  id: 'meta',
  name: 'Meta (Facebook, Instagram, WhatsApp, Messenger)',
  aliases: ['facebook', 'instagram', 'whatsapp', 'messenger', 'threads'],
  family: 'body',
  needs: [
    { option: 'secret', what: 'App secret: Meta for Developers, the app, App settings, Basic.' },
    {
      option: 'params.verifyToken',
      what: 'Verify token that you enter beside the callback URL; without it the secret is expected.',
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
  // WhatsApp names its messages. A status may be one of several recipients, and a message may come as unsupported first.
  idempotencyKey: [
    {
      of: `{${VALUE}/messages/0/id}:{${VALUE}/messages/0/type}`,
      absent: [...SINGLE, `${VALUE}/statuses/0`],
    },
    {
      of: `{${VALUE}/statuses/0/id}:{${VALUE}/statuses/0/status}:{${VALUE}/statuses/0/recipient_id}:{${VALUE}/statuses/0/timestamp}`,
      absent: [...SINGLE, `${VALUE}/messages/0`],
    },
  ],
  marks: [
    {
      when: ['body:/entry/*/changes/*/value/messages/*/id', 'body:/entry/*/changes/*/value/statuses/*/id'],
      windowSeconds: 7 * DAY,
      source: 'WhatsApp retries for seven days',
    },
    { when: ['body:/entry/*/time'], windowSeconds: 36 * HOUR, source: 'Meta retries for 36 hours' },
  ],
  sharedBy: 'two notifications that say the same at the same `time` of their entry',
  formerKeys: {
    of: [{ of: `{${VALUE}/messages/0/id}`, absent: [...SINGLE, `${VALUE}/statuses/0`] }],
    seconds: 7 * DAY,
  },
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
    'Meta retries for 36 hours, WhatsApp for seven days.',
    'The verify token is sent in a URL: set it as `params.verifyToken`, and keep the app secret for signatures.',
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
