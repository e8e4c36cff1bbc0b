import type { Provider } from '../provider.ts';
import { MINUTE } from './families.ts';

export const retell: Provider = {
  id: 'retell',
  name: 'Retell AI',
  aliases: ['retell-ai'],
  family: 'timestamp-in-signature',
  needs: [
    { option: 'secret', what: 'API key with the webhook badge: Retell dashboard, Settings, API Keys.' },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Retell-Signature', split: ',', kv: '=', key: 'd', enc: 'hex' },
      ts: { from: 'sig:v', unit: 'ms', tol: 300 },
      signed: '{body}{ts}',
    },
  ],
  idempotencyKey: [],
  marks: [
    {
      when: ['body:/call/call_id', 'body:/chat/chat_id'],
      matches: { 'body:/event': '(?:call|chat)_(?:started|ended|analyzed)' },
      windowSeconds: 15 * MINUTE,
      source: 'Retell AI retries up to three times at once',
    },
  ],
  sharedBy: 'two analyses of one call with the same result',
  eventType: ['{body:/event}'],
  notes: ['The timestamp is in milliseconds.'],
  sample: {
    eventType: 'call_ended',
    body: {
      event: '{event_type}',
      call: { call_id: '{uuid}', call_status: 'ended', disconnection_reason: 'user_hangup' },
    },
  },
};
