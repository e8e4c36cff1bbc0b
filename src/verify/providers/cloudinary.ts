import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const cloudinary: Provider = {
  id: 'cloudinary',
  name: 'Cloudinary',
  family: 'digest',
  needs: [{ option: 'secret', what: 'API secret: Cloudinary Console, Settings, API Keys.' }],
  schemes: [
    {
      alg: 'digest',
      // SHA-1 by default; an account may choose SHA-256.
      hash: 'sha1',
      sig: { from: 'header:X-Cld-Signature', enc: 'hex' },
      ts: { from: 'header:X-Cld-Timestamp', unit: 's', tol: 7200 },
      signed: '{body}{ts}{secret}',
    },
  ],
  idempotencyKey: [],
  marks: [
    {
      when: ['body:/request_id', 'body:/timestamp', 'body:/notification_context/triggered_at'],
      windowSeconds: HOUR,
      source: 'Cloudinary names no schedule; it repeats a failed notification a few times',
    },
  ],
  sharedBy: 'two notifications that say the same in the same second, without a request id',
  eventType: ['{body:/notification_type}'],
  notes: [
    'The tolerance is two hours, as in Cloudinary’s own SDK; set `toleranceSeconds` for a shorter one.',
  ],
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
