import type { Provider } from '../provider.ts';

export const stripe: Provider = {
  id: 'stripe',
  name: 'Stripe',
  family: 'timestamp-in-signature',
  needs: [
    {
      option: 'secret',
      what: 'Signing secret `whsec_…`: Stripe Dashboard, Developers, Webhooks, the endpoint, Reveal. `stripe listen` prints a different secret.',
    },
  ],
  // v0 is for tests of old integrations and no proof.
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:Stripe-Signature', split: ',', kv: '=', key: 'v1', enc: 'hex' },
      ts: { from: 'sig:t', unit: 's', tol: 300 },
      signed: '{ts}.{body}',
      key: { enc: 'utf8' },
    },
  ],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/type}'],
  notes: [
    'The secret is used as text, with its `whsec_`.',
    'Stripe retries live events for three days, test events three times in a few hours; a redirect is a failure.',
    'Events of connected accounts have the account in `account`; thin events are verified in the same way.',
  ],
  sample: {
    eventType: 'payment_intent.succeeded',
    body: {
      id: 'evt_{uuid}',
      object: 'event',
      api_version: '2025-09-30.clover',
      created: 1760000000,
      livemode: false,
      type: '{event_type}',
      data: {
        object: {
          id: 'pi_3MtwBwLkdIwHu7ix28a3tqPa',
          object: 'payment_intent',
          amount: 2000,
          currency: 'eur',
          metadata: { order_id: '42' },
        },
      },
    },
  },
};
