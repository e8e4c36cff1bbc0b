import type { Provider } from '../provider.ts';

export const notion: Provider = {
  id: 'notion',
  name: 'Notion',
  family: 'body',
  needs: [
    {
      option: 'secret',
      what: 'Verification token `secret_…`. Without it the source keeps the token that Notion posts when the subscription is created.',
      optional: true,
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Notion-Signature', prefix: 'sha256=', enc: 'hex' },
      signed: '{body}',
    },
  ],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/type}'],
  handshakes: [
    {
      name: 'verification token',
      method: 'POST',
      when: {
        matches: { 'body:/verification_token': '[!-~]{16,256}' },
        absent: ['body:/type'],
        noHeader: 'X-Notion-Signature',
      },
      signed: false,
      action: { kind: 'keep-secret', from: 'body:/verification_token' },
      reply: { status: 200, body: '' },
    },
  ],
  notes: [
    'Notion sends the token once, unsigned: it is kept only while the source has no secret. Enter it in Notion to finish.',
    'Notion makes eight attempts within about 24 hours.',
  ],
  sample: {
    eventType: 'page.created',
    body: {
      id: '{uuid}',
      timestamp: '{now_iso}',
      type: '{event_type}',
      attempt_number: 1,
      entity: { id: '153104cd-477e-809d-8dc4-ff2d96ae3090', type: 'page' },
    },
  },
};
