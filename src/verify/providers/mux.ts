import type { Provider } from '../provider.ts';

export const mux: Provider = {
  id: 'mux',
  name: 'Mux',
  family: 'timestamp-in-signature',
  needs: [{ option: 'secret', what: 'Signing secret: Mux Dashboard, Settings, Webhooks, the webhook.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:Mux-Signature', split: ',', kv: '=', key: 'v1', enc: 'hex' },
      ts: { from: 'sig:t', unit: 's', tol: 300 },
      signed: '{ts}.{body}',
    },
  ],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/type}'],
  notes: ['Mux retries for 24 hours.'],
  sample: {
    eventType: 'video.asset.ready',
    body: {
      type: '{event_type}',
      id: '{uuid}',
      created_at: '{now_iso}',
      object: { type: 'asset', id: '0201p02fGKPE7MrbC269XRD7LpcHhrmbu0002' },
      data: { status: 'ready' },
    },
  },
};
