import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const linkedin: Provider = {
  id: 'linkedin',
  name: 'LinkedIn',
  family: 'body',
  needs: [{ option: 'secret', what: 'Client secret: LinkedIn developer portal, the app, Auth.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-LI-Signature', enc: 'hex' },
      // The prefix is part of the signed text, not of the header.
      signed: 'hmacsha256={body}',
    },
  ],
  idempotencyKey: [
    '{body:/type}:{body:/notifications/*/organizationalEntity}:{body:/notifications/*/notificationId}',
    '{body:/type}:{body:/notifications/*/notificationId}',
  ],
  marks: [
    { when: ['body:/occurredAt'], windowSeconds: 8 * HOUR, source: 'LinkedIn retries for up to eight hours' },
  ],
  formerKeys: { of: ['sha256:{body_sha256_hex}'], seconds: 8 * HOUR },
  eventType: ['{body:/type}'],
  reply: { status: 200 },
  handshakes: [
    {
      name: 'challenge',
      method: 'GET',
      when: { matches: { 'query:challengeCode': '[A-Za-z0-9-]{1,128}' } },
      signed: false,
      mac: { alg: 'hmac', hash: 'sha256', of: '{query:challengeCode}', enc: 'hex' },
      reply: { status: 200, body: { challengeCode: '{query:challengeCode}', challengeResponse: '{mac}' } },
    },
  ],
  notes: ['LinkedIn validates the endpoint every two hours and blocks it if that fails.'],
  sample: {
    eventType: 'ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS',
    body: '{"type":"{event_type}","notifications":[{"notificationId":{now_s},"organizationalEntity":"urn:li:organization:1000","action":"COMMENT","lastModifiedAt":{now_ms}}]}',
  },
};
