import type { Provider } from '../provider.ts';

export const bitbucket: Provider = {
  id: 'bitbucket',
  name: 'Bitbucket Cloud',
  aliases: ['bitbucket-cloud'],
  family: 'body',
  needs: [{ option: 'secret', what: 'Secret: repository settings, Webhooks, the webhook, field Secret.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      // SHA-256, although the name has no -256.
      sig: { from: 'header:X-Hub-Signature', prefix: 'sha256=', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{header:X-Request-UUID}'],
  replayKey: [
    '{header:X-Event-Key}:{header:X-Hook-UUID}:{body_sha256_hex}',
    '{header:X-Event-Key}:{body_sha256_hex}',
  ],
  eventType: ['{header:X-Event-Key}'],
  notes: ['Bitbucket makes two more attempts after a timeout or a 5xx; X-Attempt-Number counts them.'],
  sample: {
    eventType: 'repo:push',
    headers: { 'X-Event-Key': '{event_type}', 'X-Request-UUID': '{uuid}', 'X-Attempt-Number': '1' },
    body: {
      actor: { display_name: 'Ada', type: 'user' },
      repository: { full_name: 'team/project', name: 'project' },
      push: { changes: [{ new: { name: 'main', type: 'branch' } }] },
    },
  },
};
