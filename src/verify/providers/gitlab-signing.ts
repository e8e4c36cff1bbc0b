import type { Provider } from '../provider.ts';
import { standardWebhooksV1, WHSEC_KEY } from './families.ts';

export const gitlabSigning: Provider = {
  id: 'gitlab-signing',
  name: 'GitLab (signing token)',
  aliases: ['gitlab-signing-token'],
  family: 'timestamp-beside',
  needs: [{ option: 'secret', what: 'Signing token `whsec_…`: GitLab, Settings, Webhooks, Signing token.' }],
  // GitLab names no window; five minutes is what the format's other senders use.
  schemes: [standardWebhooksV1('webhook', WHSEC_KEY)],
  // The same value as Idempotency-Key, but only this header is signed.
  idempotencyKey: ['{header:webhook-id}'],
  eventType: ['{header:X-Gitlab-Event}', '{body:/object_kind}'],
  notes: [
    'A webhook may have a secret token as well (X-Gitlab-Token); the signature alone decides here.',
    'Four failures in a row pause a webhook, forty switch it off.',
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
