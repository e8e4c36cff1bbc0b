import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const xTwitter: Provider = {
  id: 'x-twitter',
  name: 'X (Twitter)',
  aliases: ['x', 'twitter'],
  family: 'body',
  needs: [
    {
      option: 'secret',
      what: 'API secret key (consumer secret): X developer portal, the app, Keys and tokens.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:x-twitter-webhooks-signature', prefix: 'sha256=', enc: 'base64' },
      signed: '{body}',
      // The key signs the handshake's tokens for any client; a token is no object with a member.
      matches: { 'key:': '[^]+' },
    },
  ],
  // Ids are nested differently in each kind of event.
  idempotencyKey: [],
  marks: [
    {
      when: [
        'body:/tweet_create_events/0/timestamp_ms',
        'body:/favorite_events/0/timestamp_ms',
        'body:/tweet_delete_events/0/timestamp_ms',
        'body:/follow_events/0/created_timestamp',
        'body:/unfollow_events/0/created_timestamp',
        'body:/block_events/0/created_timestamp',
        'body:/unblock_events/0/created_timestamp',
        'body:/mute_events/0/created_timestamp',
        'body:/unmute_events/0/created_timestamp',
        'body:/direct_message_events/0/created_timestamp',
        'body:/direct_message_indicate_typing_events/0/created_timestamp',
        'body:/direct_message_mark_read_events/0/created_timestamp',
      ],
      windowSeconds: HOUR,
      source: 'X names no retries; an hour covers a repeated send',
    },
  ],
  eventType: ['{key:for_user_id,user_has_blocked,is_blocked_by,source,target,apps,users}'],
  reply: { status: 200 },
  handshakes: [
    {
      name: 'crc',
      method: 'GET',
      when: { matches: { 'query:crc_token': '[A-Za-z0-9+/=_-]{1,128}' } },
      signed: false,
      mac: { alg: 'hmac', hash: 'sha256', of: '{query:crc_token}', enc: 'base64' },
      reply: { status: 200, body: { response_token: 'sha256={mac}' } },
    },
  ],
  notes: [
    'Base64 follows `sha256=`.',
    'X asks for the CRC at registration and every hour; it documents no retries.',
  ],
  sample: {
    eventType: 'tweet_create_events',
    body: {
      for_user_id: '2244994945',
      tweet_create_events: [
        {
          id_str: '1976543210987654321',
          timestamp_ms: '{now_ms}',
          text: 'Hello',
          user: { id_str: '783214' },
        },
      ],
    },
  },
};
