import type { Provider } from '../provider.ts';

export const plaid: Provider = {
  id: 'plaid',
  name: 'Plaid',
  family: 'jwt',
  needs: [
    {
      option: 'params.clientId',
      what: 'client_id: Plaid Dashboard, Developers, Keys. Needed to fetch Plaid’s keys.',
    },
    { option: 'params.plaidSecret', what: 'Secret of the environment, from the same page.' },
    {
      option: 'params.environment',
      what: '`production` (the default) or `sandbox`.',
      optional: true,
    },
  ],
  schemes: [
    {
      alg: 'jwt',
      sig: { from: 'header:Plaid-Verification' },
      jwt: { algs: ['ES256'], bearer: false, iatTol: 300, bodyHash: 'request_body_sha256', keys: 'plaid' },
    },
  ],
  // Bodies such as that of SYNC_UPDATES_AVAILABLE are the same each time.
  idempotencyKey: [],
  eventType: ['{body:/webhook_type}.{body:/webhook_code}'],
  reply: { status: 200 },
  notes: [
    'Webhooks have no id, two may have the same body, and a retry has a token of its own: every webhook is a new event, retries included.',
    'Plaid waits 10 s for an answer and retries for 24 hours.',
  ],
  sample: {
    eventType: 'TRANSACTIONS.SYNC_UPDATES_AVAILABLE',
    body: {
      webhook_type: 'TRANSACTIONS',
      webhook_code: 'SYNC_UPDATES_AVAILABLE',
      item_id: 'gAXlMgVEw5uEGoQnnXZ6tn9E7Mn3LBc4PJVKZ',
      initial_update_complete: true,
      historical_update_complete: false,
      environment: 'sandbox',
    },
  },
};
