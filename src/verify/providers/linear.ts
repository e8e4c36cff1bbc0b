import type { Provider } from '../provider.ts';

export const linear: Provider = {
  id: 'linear',
  name: 'Linear',
  aliases: ['linear-app'],
  family: 'timestamp-beside',
  needs: [{ option: 'secret', what: 'Signing secret: Linear, Settings, API, Webhooks, the webhook.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:Linear-Signature', enc: 'hex' },
      // The body's timestamp is signed; the header linear-timestamp is not.
      ts: { from: 'body:/webhookTimestamp', unit: 'ms', tol: 60 },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{header:Linear-Delivery}'],
  replayKey: '{body_sha256_hex}',
  eventType: ['{header:Linear-Event}.{body:/action}', '{header:Linear-Event}'],
  reply: { status: 200 },
  notes: [
    'The tolerance is a minute.',
    'Linear waits 5 s for an answer and retries after a minute, an hour and six hours.',
  ],
  sample: {
    eventType: 'Issue.create',
    headers: { 'Linear-Delivery': '{uuid}', 'Linear-Event': 'Issue' },
    body: '{"action":"create","type":"Issue","createdAt":"{now_iso}","data":{"id":"2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9","title":"Printer on fire"},"url":"https://linear.app/issue/LIN-1778","webhookTimestamp":{now_ms},"webhookId":"{uuid}"}',
  },
};
