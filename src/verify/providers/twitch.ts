import type { Provider } from '../provider.ts';
import { CHALLENGE } from './families.ts';

export const twitch: Provider = {
  id: 'twitch',
  name: 'Twitch EventSub',
  aliases: ['twitch-eventsub'],
  family: 'timestamp-beside',
  needs: [
    {
      option: 'secret',
      what: 'The secret of 10 to 100 ASCII characters that you chose when you subscribed.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:Twitch-Eventsub-Message-Signature', prefix: 'sha256=', enc: 'hex' },
      ts: { from: 'header:Twitch-Eventsub-Message-Timestamp', unit: 'iso', tol: 600 },
      signed: '{header:Twitch-Eventsub-Message-Id}{ts}{body}',
    },
  ],
  idempotencyKey: ['{header:Twitch-Eventsub-Message-Id}'],
  // A revocation has the type of its subscription too.
  eventType: [
    '{header:Twitch-Eventsub-Message-Type}.{header:Twitch-Eventsub-Subscription-Type}',
    '{header:Twitch-Eventsub-Message-Type}',
  ],
  handshakes: [
    {
      name: 'callback verification',
      method: 'POST',
      when: {
        equals: { 'header:Twitch-Eventsub-Message-Type': 'webhook_callback_verification' },
        matches: { 'body:/challenge': CHALLENGE },
      },
      signed: true,
      reply: { status: 200, body: '{body:/challenge}' },
    },
  ],
  notes: [
    'Notifications have types such as `notification.channel.follow`; `revocation.…` means that a subscription has ended.',
    'Twitch revokes the subscription after too many failures.',
  ],
  sample: {
    eventType: 'notification.channel.follow',
    headers: {
      'Twitch-Eventsub-Message-Id': '{uuid}',
      'Twitch-Eventsub-Message-Type': 'notification',
      'Twitch-Eventsub-Subscription-Type': 'channel.follow',
      'Twitch-Eventsub-Subscription-Version': '2',
    },
    body: {
      subscription: { id: 'f1c2a387-161a-49f9-a165-0f21d7a4e1c4', type: 'channel.follow', status: 'enabled' },
      event: { user_id: '1337', user_login: 'ada', broadcaster_user_id: '12826', followed_at: '{now_iso}' },
    },
  },
};
