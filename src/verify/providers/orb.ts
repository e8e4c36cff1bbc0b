import type { Provider } from '../provider.ts';

export const orb: Provider = {
  id: 'orb',
  name: 'Orb',
  aliases: ['withorb'],
  family: 'timestamp-beside',
  needs: [{ option: 'secret', what: 'Signing secret of the endpoint: Orb, Developers, Webhooks.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Orb-Signature', split: ',', kv: '=', key: 'v1', enc: 'hex' },
      // Orb's time has no zone and is UTC.
      ts: { from: 'header:X-Orb-Timestamp', unit: 'iso', tol: 300 },
      signed: 'v1:{ts}:{body}',
    },
  ],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/type}'],
  sample: {
    eventType: 'invoice.issued',
    body: {
      id: '{uuid}',
      created_at: '{now_iso}',
      type: '{event_type}',
      invoice: { id: '{uuid}', status: 'issued' },
    },
  },
};
