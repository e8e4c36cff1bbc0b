import type { Provider } from '../provider.ts';
import { HUBSPOT_IDENTITY } from './families.ts';

export const hubspotV2: Provider = {
  id: 'hubspot-v2',
  name: 'HubSpot (signature v2)',
  family: 'digest',
  needs: [{ option: 'secret', what: 'Client secret: HubSpot developer account, the app, Auth.' }],
  schemes: [
    {
      alg: 'digest',
      hash: 'sha256',
      sig: { from: 'header:X-HubSpot-Signature', enc: 'hex' },
      signed: '{secret}{method}{url}{body}',
    },
  ],
  ...HUBSPOT_IDENTITY,
  notes: [
    'A plain digest without a timestamp: use hubspot-v3 where HubSpot sends it.',
    'The URL is signed: set `publicUrl` behind a proxy.',
  ],
  sample: {
    eventType: 'contact.creation',
    headers: { 'X-HubSpot-Signature-Version': 'v2' },
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
