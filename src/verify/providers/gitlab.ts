import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const gitlab: Provider = {
  id: 'gitlab',
  name: 'GitLab (secret token)',
  aliases: ['gitlab-token'],
  family: 'token',
  needs: [{ option: 'secret', what: 'Secret token: GitLab, Settings, Webhooks, field Secret token.' }],
  schemes: [{ alg: 'token', sig: { from: 'header:X-Gitlab-Token' } }],
  // Before 17.4 there is no Idempotency-Key, and webhooks that set each other off share the event’s UUID.
  idempotencyKey: ['{header:Idempotency-Key}'],
  marks: [
    {
      of: '{header:X-Gitlab-Event-UUID}:{header:X-Gitlab-Event}:{body_sha256_hex}',
      when: ['header:X-Gitlab-Event-UUID'],
      windowSeconds: HOUR,
      source: 'GitLab has no schedule; an hour covers a repeated job',
    },
  ],
  replayKey: ['{header:X-Gitlab-Event}:{body_sha256_hex}', '{body_sha256_hex}'],
  eventType: ['{header:X-Gitlab-Event}', '{body:/object_kind}'],
  notes: [
    'The token proves the sender; nothing covers the body. Where GitLab offers a signing token, use gitlab-signing.',
    'GitLab has no retry schedule; a request that is sent again by hand keeps its Idempotency-Key. GitLab pauses a webhook after four consecutive failures and disables it after forty.',
  ],
  // 25 MB is the largest payload that it sends.
  maxBodyBytes: 25 * 1024 * 1024,
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
