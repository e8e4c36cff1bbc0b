import type { Provider } from '../provider.ts';

export const tebex: Provider = {
  id: 'tebex',
  name: 'Tebex',
  family: 'body',
  needs: [{ option: 'secret', what: 'Secret: Tebex creator panel, Developers, Webhooks.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-Signature', enc: 'hex' },
      signed: '{body_sha256_hex}',
    },
  ],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/type}'],
  handshakes: [
    {
      name: 'validation',
      method: 'POST',
      when: { equals: { 'body:/type': 'validation.webhook' }, matches: { 'body:/id': '[!-~]{1,128}' } },
      signed: true,
      reply: { status: 200, body: { id: '{body:/id}' } },
    },
  ],
  notes: ['The signed text is the hex SHA-256 of the body.'],
  sample: {
    eventType: 'payment.completed',
    body: { id: '{uuid}', type: '{event_type}', date: '{now_iso}', subject: { transaction_id: 'tbx-1001' } },
  },
};
