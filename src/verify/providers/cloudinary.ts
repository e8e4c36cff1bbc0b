import type { Provider } from '../provider.ts';

export const cloudinary: Provider = {
  id: 'cloudinary',
  name: 'Cloudinary',
  family: 'digest',
  needs: [{ option: 'secret', what: 'API secret: Cloudinary Console, Settings, API Keys.' }],
  schemes: [
    {
      alg: 'digest',
      // The account's choice may be SHA-256; without it SHA-1 is what Cloudinary uses.
      hash: 'sha1',
      sig: { from: 'header:X-Cld-Signature', enc: 'hex' },
      ts: { from: 'header:X-Cld-Timestamp', unit: 's', tol: 7200 },
      signed: '{body}{ts}{secret}',
    },
  ],
  idempotencyKey: [],
  eventType: ['{body:/notification_type}'],
  notes: ['The window is two hours, as in Cloudinary’s own SDK; set `toleranceSeconds` for a shorter one.'],
  sample: {
    eventType: 'upload',
    body: {
      notification_type: '{event_type}',
      timestamp: '{now_iso}',
      request_id: '{uuid}',
      public_id: 'sample',
      version: 1,
    },
  },
};
