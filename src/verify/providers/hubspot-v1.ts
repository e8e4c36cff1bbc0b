import type { Provider } from '../provider.ts';
import { HUBSPOT_IDENTITY } from './families.ts';

export const hubspotV1: Provider = {
  id: 'hubspot-v1',
  name: 'HubSpot (signature v1)',
  family: 'digest',
  needs: [{ option: 'secret', what: 'Client secret: HubSpot developer account, the app, Auth.' }],
  schemes: [
    {
      alg: 'digest',
      hash: 'sha256',
      sig: { from: 'header:X-HubSpot-Signature', enc: 'hex' },
      signed: '{secret}{body}',
    },
  ],
  ...HUBSPOT_IDENTITY,
  notes: ['A plain digest without a timestamp: use hubspot-v3 where HubSpot sends it.'],
  sample: {
    eventType: 'contact.creation',
    headers: { 'X-HubSpot-Signature-Version': 'v1' },
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
