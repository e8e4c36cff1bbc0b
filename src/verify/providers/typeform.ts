import type { Provider } from '../provider.ts';

export const typeform: Provider = {
  id: 'typeform',
  name: 'Typeform',
  family: 'body',
  needs: [
    { option: 'secret', what: 'Secret that you set for the webhook: Typeform, the form, Connect, Webhooks.' },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:Typeform-Signature', prefix: 'sha256=', enc: 'base64' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{body:/event_id}'],
  eventType: ['{body:/event_type}'],
  notes: [
    'Base64 follows `sha256=`.',
    'An answer of 404 or 410 disables the webhook at once; after 408, 423, 429 and 503 Typeform retries for ten hours.',
  ],
  sample: {
    eventType: 'form_response',
    body: {
      event_id: '{uuid}',
      event_type: '{event_type}',
      form_response: { form_id: 'lT4Z3j', token: '{uuid}', submitted_at: '{now_iso}', answers: [] },
    },
  },
};
