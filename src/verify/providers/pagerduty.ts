import type { Provider } from '../provider.ts';

export const pagerduty: Provider = {
  id: 'pagerduty',
  name: 'PagerDuty (webhooks v3)',
  aliases: ['pagerduty-v3'],
  family: 'body',
  needs: [{ option: 'secret', what: 'Signing secret, shown once when the webhook subscription is created.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      // Two signatures during a rotation.
      sig: { from: 'header:X-PagerDuty-Signature', split: ',', kv: '=', key: 'v1', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{body:/event/id}'],
  eventType: ['{body:/event/event_type}'],
  handshakes: [
    {
      name: 'ping',
      method: 'POST',
      when: { equals: { 'body:/event/event_type': 'pagey.ping' } },
      signed: true,
      action: { kind: 'keep-event' },
      reply: { status: 200, body: '' },
    },
  ],
  notes: ['PagerDuty waits 5 s for an answer and makes about ten attempts.'],
  sample: {
    eventType: 'incident.triggered',
    body: {
      event: {
        id: '{uuid}',
        event_type: '{event_type}',
        resource_type: 'incident',
        occurred_at: '{now_iso}',
        data: { id: 'PGR0VU2', type: 'incident', title: 'A little bump in the road', status: 'triggered' },
      },
    },
  },
};
