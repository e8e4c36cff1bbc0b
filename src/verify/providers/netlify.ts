import type { Provider } from '../provider.ts';

export const netlify: Provider = {
  id: 'netlify',
  name: 'Netlify',
  family: 'jwt',
  needs: [
    {
      option: 'secret',
      what: 'JWS secret token of the notification: Netlify, project configuration, Notifications.',
    },
  ],
  schemes: [
    {
      alg: 'jwt',
      sig: { from: 'header:X-Webhook-Signature' },
      jwt: { algs: ['HS256'], bearer: false, iss: 'netlify', bodyHash: 'sha256', keys: 'secret' },
    },
  ],
  // id and state are those of the deploy, which is locked and unlocked more than once.
  idempotencyKey: [],
  eventType: ['{header:X-Netlify-Event}'],
  notes: [
    'The token has no expiry; it is tied to a delivery only by the body’s hash.',
    'Netlify documents no retries and sends no event id: every notification is a new event.',
    'Netlify disables a notification that keeps failing.',
  ],
  sample: {
    eventType: 'deploy_created',
    headers: { 'X-Netlify-Event': '{event_type}' },
    body: {
      id: '{uuid}',
      site_id: '{uuid}',
      state: 'ready',
      name: 'my-site',
      branch: 'main',
      created_at: '{now_iso}',
    },
  },
};
