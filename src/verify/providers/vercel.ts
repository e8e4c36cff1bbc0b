import type { Provider } from '../provider.ts';

export const vercel: Provider = {
  id: 'vercel',
  name: 'Vercel',
  family: 'body',
  needs: [
    {
      option: 'secret',
      what: 'Webhook secret, shown once when it is created; for integrations the client secret.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      // Vercel signs with SHA-1 only.
      hash: 'sha1',
      sig: { from: 'header:x-vercel-signature', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/type}'],
  notes: ['Vercel retries for 24 hours.'],
  sample: {
    eventType: 'deployment.succeeded',
    body: '{"id":"{uuid}","type":"{event_type}","createdAt":{now_ms},"region":"fra1","payload":{"deployment":{"id":"dpl_1001","name":"my-project","url":"my-project.vercel.app"}}}',
  },
};
