import type { Provider } from '../provider.ts';

export const gitlab: Provider = {
  id: 'gitlab',
  name: 'GitLab (secret token)',
  aliases: ['gitlab-token'],
  family: 'token',
  needs: [{ option: 'secret', what: 'Secret token: GitLab, Settings, Webhooks, field Secret token.' }],
  schemes: [{ alg: 'token', sig: { from: 'header:X-Gitlab-Token' } }],
  idempotencyKey: ['{header:Idempotency-Key}', '{header:X-Gitlab-Event-UUID}'],
  replayKey: '{body_sha256_hex}',
  eventType: ['{header:X-Gitlab-Event}', '{body:/object_kind}'],
  notes: [
    'The token proves who sent it, not what: nothing covers the body. Where GitLab offers a signing token, use gitlab-signing.',
    'GitLab has no retry schedule; four failures in a row pause a webhook, forty switch it off.',
  ],
  sample: {
    eventType: 'Push Hook',
    headers: {
      'X-Gitlab-Event': '{event_type}',
      'X-Gitlab-Event-UUID': '{uuid}',
      'Idempotency-Key': '{uuid}',
    },
    body: {
      object_kind: 'push',
      ref: 'refs/heads/main',
      project_id: 15,
      user_username: 'ada',
      total_commits_count: 1,
    },
  },
};
