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
  // One deploy in one state may be the subject of several kinds of event.
  idempotencyKey: [
    '{body:/id}:{body:/state}:{header:X-Netlify-Event}',
    '{body:/id}:{body:/state}',
    '{body:/id}',
  ],
  replayKey: '{body_sha256_hex}',
  eventType: ['{header:X-Netlify-Event}'],
  notes: [
    'The token has no expiry: only the body’s hash in it ties it to a delivery.',
    'A notification that keeps failing is switched off.',
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
