import type { Provider } from '../provider.ts';

export const sentry: Provider = {
  id: 'sentry',
  name: 'Sentry',
  aliases: ['sentry-io'],
  family: 'body',
  needs: [
    { option: 'secret', what: 'Client Secret: Sentry, Settings, Developer Settings, the integration.' },
  ],
  // The header Sentry-Hook-Timestamp is not signed.
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:Sentry-Hook-Signature', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{header:Request-ID}'],
  replayKey: ['{header:Sentry-Hook-Resource}:{body_sha256_hex}', '{body_sha256_hex}'],
  eventType: ['{header:Sentry-Hook-Resource}.{body:/action}', '{header:Sentry-Hook-Resource}'],
  notes: ['Sentry waits 1 s for an answer; a thousand timeouts within 24 hours end the subscription.'],
  sample: {
    eventType: 'issue.created',
    headers: { 'Request-ID': '{uuid}', 'Sentry-Hook-Resource': 'issue', 'Sentry-Hook-Timestamp': '{now_s}' },
    body: {
      action: 'created',
      installation: { uuid: 'a8e5d37a-696c-4c54-adb5-b3f28d64c7de' },
      data: { issue: { id: '1170820242', title: 'TypeError', level: 'error' } },
      actor: { type: 'application', id: 'sentry', name: 'Sentry' },
    },
  },
};
