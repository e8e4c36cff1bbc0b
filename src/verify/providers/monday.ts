import type { Provider } from '../provider.ts';
import { CHALLENGE, HOUR } from './families.ts';

export const monday: Provider = {
  id: 'monday',
  name: 'monday.com',
  aliases: ['monday-com'],
  family: 'jwt',
  needs: [
    {
      option: 'secret',
      what: 'Signing Secret of the app (for lifecycle webhooks its Client Secret): Developer Center, the app.',
    },
  ],
  schemes: [
    {
      alg: 'jwt',
      sig: { from: 'header:Authorization' },
      jwt: { algs: ['HS256'], bearer: false, aud: '{url}', requireExp: true, keys: 'secret' },
    },
  ],
  // One trigger can be the subject of several webhooks.
  idempotencyKey: ['{body:/event/triggerUuid}:{body:/event/subscriptionId}', '{body:/event/triggerUuid}'],
  marks: [
    {
      when: ['body:/data/timestamp'],
      windowSeconds: HOUR,
      source: 'monday.com retries every minute for 30 minutes',
    },
  ],
  eventType: ['{body:/event/type}', '{body:/type}'],
  reply: { status: 200 },
  handshakes: [
    {
      name: 'challenge',
      method: 'POST',
      when: { matches: { 'body:/challenge': CHALLENGE }, absent: ['key:challenge'] },
      signed: false,
      reply: { status: 200, body: { challenge: '{body:/challenge}' } },
    },
  ],
  notes: [
    'Webhooks that were created with a personal token carry no JWT and are refused.',
    'The audience is the registered URL: set `publicUrl` behind a proxy. The body is not covered.',
    'monday.com retries every minute for 30 minutes.',
  ],
  sample: {
    eventType: 'create_pulse',
    body: {
      event: {
        userId: 9603417,
        boardId: 1771812698,
        pulseId: 1772099344,
        pulseName: 'Create visibility to other teams',
        type: '{event_type}',
        triggerTime: '{now_iso}',
        triggerUuid: '{uuid}',
        subscriptionId: 73759690,
      },
    },
  },
};
