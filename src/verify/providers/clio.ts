import type { Provider } from '../provider.ts';
import { DAY } from './families.ts';

export const clio: Provider = {
  id: 'clio',
  name: 'Clio',
  family: 'body',
  needs: [
    {
      option: 'secret',
      what: 'X-Hook-Secret of the webhook. Without it the source keeps the secret that Clio sends when the webhook is created.',
      optional: true,
    },
  ],
  schemes: [
    { alg: 'hmac', hash: 'sha256', sig: { from: 'header:X-Hook-Signature', enc: 'hex' }, signed: '{body}' },
  ],
  // Without a time among the fields of the webhook nothing tells two changes apart: an etag comes back with its content.
  idempotencyKey: [],
  marks: [
    {
      when: ['body:/data/updated_at', 'body:/data/deleted_at'],
      windowSeconds: DAY,
      source: 'Clio names no schedule; a day covers its retries',
    },
  ],
  sharedBy: 'two changes that leave a record with the same members in the same second',
  eventType: ['{body:/meta/event}'],
  handshakes: [
    {
      name: 'hook secret',
      method: 'POST',
      when: { matches: { 'header:X-Hook-Secret': '[!-~]{16,256}' }, noHeader: 'X-Hook-Signature' },
      signed: false,
      action: { kind: 'keep-secret', from: 'header:X-Hook-Secret' },
      reply: { status: 200, headers: { 'X-Hook-Secret': '{header:X-Hook-Secret}' }, body: '' },
    },
  ],
  notes: [
    'Each webhook has its own secret, which is sent in the handshake: use one source for each webhook.',
  ],
  sample: {
    eventType: 'updated',
    body: {
      data: { id: 1001, etag: '"a1b2"', updated_at: '{now_iso}' },
      meta: { event: '{event_type}', webhook_id: 42 },
    },
  },
};
