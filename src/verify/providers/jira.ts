import type { Provider } from '../provider.ts';

export const jira: Provider = {
  id: 'jira',
  name: 'Jira Cloud',
  aliases: ['jira-cloud', 'atlassian-jira'],
  family: 'body',
  needs: [{ option: 'secret', what: 'Secret: Jira settings, System, WebHooks, the webhook.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Hub-Signature', prefix: 'sha256=', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{header:X-Atlassian-Webhook-Identifier}'],
  replayKey: '{body_sha256_hex}',
  eventType: ['{body:/webhookEvent}'],
  notes: [
    'Admin webhooks are signed if they have a secret; webhooks of Connect apps carry a JWT and are refused.',
    'Jira retries up to five times after 5 to 15 minutes, on 408, 409, 425, 429 and 5xx.',
  ],
  sample: {
    eventType: 'jira:issue_created',
    headers: { 'X-Atlassian-Webhook-Identifier': '{uuid}' },
    body: '{"timestamp":{now_ms},"webhookEvent":"{event_type}","user":{"accountId":"99:27935d01"},"issue":{"id":"99291","key":"JRA-20002","fields":{"summary":"I feel the need for speed"}}}',
  },
};
