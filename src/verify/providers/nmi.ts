import type { Provider } from '../provider.ts';

export const nmi: Provider = {
  id: 'nmi',
  name: 'NMI',
  family: 'timestamp-in-signature',
  needs: [{ option: 'secret', what: 'Signing key: NMI merchant portal, Settings, Webhooks.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      // t is a nonce and not a time: there is no tolerance.
      sig: { from: 'header:Webhook-Signature', split: ',', kv: '=', key: 's', enc: 'hex' },
      signed: '{sig:t}.{body}',
    },
  ],
  idempotencyKey: ['{body:/event_id}'],
  eventType: ['{body:/event_type}'],
  notes: ['The `t` of the signature is a nonce and not a time, so age is not judged.'],
  sample: {
    eventType: 'transaction.sale.success',
    body: {
      event_id: '{uuid}',
      event_type: '{event_type}',
      event_body: { merchant: { id: '1001' }, transaction_id: '4012345678', requested_amount: '42.00' },
    },
  },
};
