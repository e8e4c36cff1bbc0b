import type { Provider } from '../provider.ts';

export const github: Provider = {
  id: 'github',
  name: 'GitHub',
  family: 'body',
  needs: [
    { option: 'secret', what: 'Secret: the webhook of the repository, organization or app, field Secret.' },
  ],
  // X-Hub-Signature (SHA-1) is for old receivers and ignored.
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Hub-Signature-256', prefix: 'sha256=', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{header:X-GitHub-Delivery}'],
  sharedBy: 'one event that several webhooks of GitHub send to this source',
  replayKey: [
    '{header:X-GitHub-Event}:{header:X-GitHub-Hook-ID}:{body_sha256_hex}',
    '{header:X-GitHub-Event}:{body_sha256_hex}',
  ],
  eventType: [
    '{header:X-GitHub-Event}.{body:/action}',
    '{header:X-GitHub-Event}.{form:payload/action}',
    '{header:X-GitHub-Event}',
  ],
  handshakes: [
    {
      name: 'ping',
      method: 'POST',
      when: { equals: { 'header:X-GitHub-Event': 'ping' } },
      signed: true,
      action: { kind: 'keep-event' },
      reply: { status: 200, body: '' },
    },
  ],
  notes: [
    'GitHub does not retry by itself: a failed delivery is sent again by hand or through the API, within three days.',
    'With the form content type the event is JSON in the field `payload`; the signature covers the form as it was sent.',
  ],
  // 25 MB is the largest payload that it sends.
  maxBodyBytes: 25 * 1024 * 1024,
  sample: {
    eventType: 'push',
    headers: {
      'X-GitHub-Event': '{event_type}',
      'X-GitHub-Delivery': '{uuid}',
      'User-Agent': 'GitHub-Hookshot/sample',
    },
    body: {
      ref: 'refs/heads/main',
      before: '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
      after: '59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5',
      repository: {
        id: 17273051,
        name: 'octo-repo',
        full_name: 'octo-org/octo-repo',
        default_branch: 'main',
      },
      pusher: { name: 'ada' },
      commits: [
        { id: '59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5', message: 'Fix the build', timestamp: '{now_iso}' },
      ],
    },
  },
};
