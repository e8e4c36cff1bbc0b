import type { Provider } from '../provider.ts';
import { CHALLENGE, MINUTE } from './families.ts';

export const slack: Provider = {
  id: 'slack',
  name: 'Slack',
  family: 'timestamp-beside',
  needs: [
    {
      option: 'secret',
      what: 'Signing Secret: api.slack.com/apps, the app, Basic Information, App Credentials.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Slack-Signature', prefix: 'v0=', enc: 'hex' },
      ts: { from: 'header:X-Slack-Request-Timestamp', unit: 's', tol: 300 },
      signed: 'v0:{ts}:{body}',
    },
  ],
  // Commands and interactions have a trigger id.
  idempotencyKey: ['{body:/event_id}', '{form:trigger_id}', '{form:payload/trigger_id}'],
  marks: [
    {
      when: ['body:/minute_rate_limited'],
      windowSeconds: 15 * MINUTE,
      source: 'Slack retries after a minute and after five',
    },
  ],
  eventType: ['{body:/event/type}', '{body:/type}', '{form:payload/type}', '{form:command}'],
  // A slash command would show the body to its user, and a dialog would fail.
  reply: { status: 200, body: '', contentType: 'text/plain' },
  handshakes: [
    {
      name: 'url_verification',
      method: 'POST',
      when: { equals: { 'body:/type': 'url_verification' }, matches: { 'body:/challenge': CHALLENGE } },
      signed: true,
      reply: { status: 200, body: '{body:/challenge}' },
    },
  ],
  notes: [
    'Slack waits 3 s for an answer and retries three times: at once, after a minute and after five.',
    'Slash commands and interactions are accepted, but cannot be answered with a message: use their `response_url`.',
  ],
  sample: {
    eventType: 'app_mention',
    body: {
      token: 'unused',
      team_id: 'T123ABC456',
      api_app_id: 'A123ABC456',
      event: {
        type: '{event_type}',
        user: 'U123ABC456',
        text: '<@U0LAN0Z89> hello',
        channel: 'C123ABC456',
        ts: '1760000000.000100',
      },
      type: 'event_callback',
      event_id: 'Ev{uuid}',
      event_time: 1760000000,
    },
  },
};
