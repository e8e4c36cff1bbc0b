import type { Provider } from '../provider.ts';

export const walmart: Provider = {
  id: 'walmart',
  name: 'Walmart Marketplace',
  family: 'url',
  needs: [{ option: 'secret', what: 'Secret of the event subscription.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:WM_SEC.SIGNATURE', enc: 'base64' },
      ts: { from: 'header:WM_SEC.TIMESTAMP', unit: 's', tol: 300 },
      signed: '{method}\n{path}\n{ts}\n{body_sha256_hex}',
    },
  ],
  idempotencyKey: ['{body:/source/eventId}'],
  eventType: ['{body:/source/eventType}', '{body:/eventType}'],
  notes: [
    'The path is signed: register the URL without a query, and set `publicUrl` if a proxy changes the path.',
  ],
  sample: {
    eventType: 'PO_CREATED',
    body: {
      source: { eventType: '{event_type}', eventId: '{uuid}', eventTime: '{now_iso}' },
      payload: { purchaseOrderId: '1796277083022' },
    },
  },
};
