import type { Provider } from '../provider.ts';
import { standardWebhooksV1, WHSEC_KEY } from './families.ts';

export const gitlabSigning: Provider = {
  id: 'gitlab-signing',
  name: 'GitLab (signing token)',
  aliases: ['gitlab-signing-token'],
  family: 'timestamp-beside',
  needs: [{ option: 'secret', what: 'Signing token `whsec_…`: GitLab, Settings, Webhooks, Signing token.' }],
  // GitLab documents no tolerance; other senders of the format use five minutes.
  schemes: [standardWebhooksV1('webhook', WHSEC_KEY)],
  // Equal to Idempotency-Key, but only this header is signed.
  idempotencyKey: ['{header:webhook-id}'],
  eventType: ['{header:X-Gitlab-Event}', '{body:/object_kind}'],
  notes: [
    'A webhook may have a secret token as well (X-Gitlab-Token), which is ignored here.',
    'GitLab pauses a webhook after four consecutive failures and disables it after forty.',
  ],
  // 25 MB is the largest payload that it sends.
  maxBodyBytes: 25 * 1024 * 1024,
  sample: {
    eventType: 'Push Hook',
    headers: { 'webhook-id': '{uuid}', 'X-Gitlab-Event': '{event_type}' },
    body: {
      object_kind: 'push',
      ref: 'refs/heads/main',
      project_id: 15,
      user_username: 'ada',
      total_commits_count: 1,
    },
  },
};
