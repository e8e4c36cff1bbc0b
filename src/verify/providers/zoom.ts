import type { Provider } from '../provider.ts';
import { HOUR } from './families.ts';

export const zoom: Provider = {
  id: 'zoom',
  name: 'Zoom',
  family: 'timestamp-beside',
  needs: [{ option: 'secret', what: 'Secret Token: Zoom App Marketplace, the app, Features, Access.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:x-zm-signature', prefix: 'v0=', enc: 'hex' },
      ts: { from: 'header:x-zm-request-timestamp', unit: 's', tol: 300 },
      signed: 'v0:{ts}:{body}',
    },
  ],
  // People who join at one moment differ in the rest of the body.
  idempotencyKey: [],
  marks: [
    {
      when: ['body:/event_ts'],
      windowSeconds: 4 * HOUR,
      source: 'Zoom retries three times within about two hours',
    },
  ],
  eventType: ['{body:/event}'],
  handshakes: [
    {
      name: 'url_validation',
      method: 'POST',
      when: {
        equals: { 'body:/event': 'endpoint.url_validation' },
        matches: { 'body:/payload/plainToken': '[A-Za-z0-9+/=_-]{1,256}' },
      },
      signed: true,
      mac: { alg: 'hmac', hash: 'sha256', of: '{body:/payload/plainToken}', enc: 'hex' },
      reply: { status: 200, body: { plainToken: '{body:/payload/plainToken}', encryptedToken: '{mac}' } },
    },
  ],
  notes: [
    'Zoom repeats the validation every 72 hours.',
    'Zoom waits 3 s for an answer and retries after 5, 20 and 60 minutes.',
  ],
  sample: {
    eventType: 'meeting.started',
    body: '{"event":"{event_type}","event_ts":{now_ms},"payload":{"account_id":"AAAAAABBBB","object":{"id":"1234567890","uuid":"{uuid}","topic":"Weekly","host_id":"x1yCzABCDEfg23HiJKl4mN"}}}',
  },
};
