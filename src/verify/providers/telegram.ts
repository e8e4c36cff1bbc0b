import type { Provider } from '../provider.ts';
import { DAY, HOUR } from './families.ts';

export const telegram: Provider = {
  id: 'telegram',
  name: 'Telegram Bot API',
  aliases: ['telegram-bot'],
  family: 'token',
  needs: [
    { option: 'secret', what: '`secret_token` of setWebhook: 1 to 256 characters of A-Z a-z 0-9 _ -.' },
  ],
  schemes: [{ alg: 'token', sig: { from: 'header:X-Telegram-Bot-Api-Secret-Token' } }],
  // After a week without updates the next id is chosen at random. Telegram keeps an update for 24 hours.
  idempotencyKey: [{ of: '{body:/update_id}', holdsSeconds: DAY + HOUR }],
  sharedBy: 'updates of several bots of one source',
  // The type of an update is the name of its one member besides the id.
  eventType: ['{key:update_id}'],
  // Telegram could take a body for a method call.
  reply: { status: 200, body: '', contentType: 'text/plain' },
  notes: [
    'The token proves the sender and covers nothing.',
    'Telegram keeps an update that fails for 24 hours.',
    'Use one source for each bot: bots count their updates independently.',
  ],
  sample: {
    eventType: 'message',
    body: '{"update_id":{now_s},"message":{"message_id":1365,"date":{now_s},"chat":{"id":1111111,"type":"private","first_name":"Ada"},"from":{"id":1111111,"is_bot":false,"first_name":"Ada"},"text":"/start"}}',
  },
};
