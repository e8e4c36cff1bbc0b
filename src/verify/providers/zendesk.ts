import type { Provider } from '../provider.ts';

export const zendesk: Provider = {
  id: 'zendesk',
  name: 'Zendesk',
  family: 'timestamp-beside',
  needs: [
    {
      option: 'secret',
      what: 'Signing secret: Zendesk Admin Center, Apps and integrations, Webhooks, the webhook.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Zendesk-Webhook-Signature', enc: 'base64' },
      ts: { from: 'header:X-Zendesk-Webhook-Signature-Timestamp', unit: 'iso', tol: 300 },
      signed: '{ts}{body}',
      // It looks like base64 and is used as text.
      key: { enc: 'utf8' },
    },
  ],
  // A webhook of a trigger has the body that its author wrote, where `id` may be that of a ticket; the invocation has an id of its own.
  idempotencyKey: [
    { of: '{body:/id}', matches: { 'body:/type': 'zen:event-type:.+' } },
    '{header:X-Zendesk-Webhook-Invocation-Id}',
  ],
  // With the signed time: otherwise all requests without a body would be one event.
  replayKey: '{header:X-Zendesk-Webhook-Signature-Timestamp}:{method}:{url}:{body_sha256_hex}',
  methods: ['POST', 'GET', 'PUT', 'PATCH', 'DELETE'],
  eventType: ['{body:/type}'],
  notes: [
    'A webhook of a trigger has the body that you wrote; its key is the invocation id, which retries repeat.',
    'A webhook of a trigger may use other methods than POST; its signature covers the time and the body, not the URL.',
    'Test requests before the webhook is saved are signed with a secret that Zendesk publishes, and are refused.',
    'Zendesk waits 12 s for an answer and retries after 409, 429 and 503.',
  ],
  sample: {
    eventType: 'zen:event-type:ticket.created',
    headers: { 'X-Zendesk-Webhook-Invocation-Id': '{uuid}' },
    body: {
      account_id: 22129848,
      id: '{uuid}',
      type: '{event_type}',
      time: '{now_iso}',
      zendesk_event_version: '2022-11-06',
      subject: 'zen:ticket:1001',
      detail: { id: '1001', status: 'NEW' },
    },
  },
};
