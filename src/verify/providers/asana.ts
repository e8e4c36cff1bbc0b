import type { Provider } from '../provider.ts';
import { DAY } from './families.ts';

export const asana: Provider = {
  id: 'asana',
  name: 'Asana',
  family: 'body',
  needs: [
    {
      option: 'secret',
      what: 'X-Hook-Secret of the webhook. Without it the source keeps the secret that Asana sends when the webhook is created.',
      optional: true,
    },
  ],
  schemes: [
    { alg: 'hmac', hash: 'sha256', sig: { from: 'header:X-Hook-Signature', enc: 'hex' }, signed: '{body}' },
  ],
  idempotencyKey: [],
  marks: [{ when: ['body:/events/0/created_at'], windowSeconds: DAY, source: 'Asana retries for 24 hours' }],
  sharedBy: 'two deliveries with the same changes at the same millisecond',
  eventType: ['{body:/events/*/resource/resource_type}.{body:/events/*/action}'],
  handshakes: [
    {
      name: 'hook secret',
      method: 'POST',
      when: { matches: { 'header:X-Hook-Secret': '[!-~]{16,256}' }, noHeader: 'X-Hook-Signature' },
      signed: false,
      action: { kind: 'keep-secret', from: 'header:X-Hook-Secret' },
      reply: { status: 200, headers: { 'X-Hook-Secret': '{header:X-Hook-Secret}' }, body: '' },
    },
    {
      name: 'heartbeat',
      method: 'POST',
      when: { header: 'X-Hook-Signature', absent: ['body:/events/0'] },
      signed: true,
      reply: { status: 200, body: '' },
    },
  ],
  notes: [
    'Each webhook has its own secret, which is sent in the handshake: use one source for each webhook.',
    'Asana sends a heartbeat every eight hours, and deletes the webhook after 24 hours of failures or one 410.',
  ],
  sample: {
    eventType: 'task.changed',
    body: {
      events: [
        {
          user: { gid: '12345', resource_type: 'user' },
          resource: { gid: '1337', resource_type: 'task' },
          action: 'changed',
          change: { field: 'due_at', action: 'changed' },
          created_at: '{now_iso}',
        },
      ],
    },
  },
};
