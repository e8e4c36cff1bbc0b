import type { Provider } from '../provider.ts';
import { HUBSPOT_IDENTITY } from './families.ts';

export const hubspotV3: Provider = {
  id: 'hubspot-v3',
  name: 'HubSpot (signature v3)',
  aliases: ['hubspot'],
  family: 'url',
  needs: [{ option: 'secret', what: 'Client secret: HubSpot developer account, the app, Auth.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-HubSpot-Signature-v3', enc: 'base64' },
      ts: { from: 'header:X-HubSpot-Request-Timestamp', unit: 'ms', tol: 300 },
      // HubSpot decodes some escapes of the URL before it signs.
      signed: ['{method}{url:decoded}{body}{ts}', '{method}{url}{body}{ts}'],
    },
  ],
  ...HUBSPOT_IDENTITY,
  notes: [
    'The URL is signed: set `publicUrl` behind a proxy.',
    'One delivery is a batch of up to a hundred events. HubSpot retries ten times in 24 hours.',
  ],
  sample: {
    eventType: 'contact.creation',
    body: [
      {
        eventId: 3181526809,
        subscriptionId: 12345,
        portalId: 62515,
        occurredAt: 1760000000000,
        subscriptionType: '{event_type}',
        attemptNumber: 0,
        objectId: 123,
      },
    ],
  },
};
