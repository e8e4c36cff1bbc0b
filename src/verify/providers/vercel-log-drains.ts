import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const vercelLogDrains: Provider = {
  id: 'vercel-log-drains',
  name: 'Vercel log drains',
  aliases: ['vercel-drains'],
  family: 'body',
  needs: [
    { option: 'secret', what: 'Signature verification secret of the drain: Vercel, team settings, Drains.' },
    {
      option: 'params.verifyToken',
      what: 'Value of `x-vercel-verify` that the dashboard shows when the drain is created.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      // Vercel signs with SHA-1 only.
      hash: 'sha1',
      sig: { from: 'header:x-vercel-signature', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{body:/*/id}'],
  formerKeys: { of: ['sha256:{body_sha256_hex}'], seconds: HOUR },
  eventType: ['{body:/0/source}'],
  handshakes: [
    {
      name: 'endpoint verification',
      method: 'POST',
      // Only an empty body: answering 200 to an unsigned batch would lose it silently.
      when: { noHeader: 'x-vercel-signature', emptyBody: true },
      signed: false,
      reply: { status: 200, headers: { 'x-vercel-verify': '{param:verifyToken}' }, body: '' },
    },
  ],
  notes: [
    'One delivery is a batch of log lines, as a JSON array or as a line of JSON each. Only the array has ids that can be read: every batch of lines is a new event.',
  ],
  sample: {
    eventType: 'lambda',
    body: '[{"id":"{uuid}","source":"{event_type}","timestamp":{now_ms},"projectId":"gdufoJxB6b9b1fEqr1jUtFkyavUU","level":"info","message":"GET /api/hello 200"}]',
  },
};
