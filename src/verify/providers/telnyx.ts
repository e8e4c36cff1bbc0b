import type { Provider } from '../provider.ts';

export const telnyx: Provider = {
  id: 'telnyx',
  name: 'Telnyx',
  family: 'public-key',
  needs: [
    {
      option: 'publicKey',
      what: 'Public key (base64): Telnyx Mission Control Portal, Account Settings, Keys & Credentials.',
    },
  ],
  schemes: [
    {
      alg: 'ed25519',
      sig: { from: 'header:telnyx-signature-ed25519', enc: 'base64' },
      ts: { from: 'header:telnyx-timestamp', unit: 's', tol: 300 },
      signed: '{ts}|{body}',
      pub: 'raw-b64',
    },
  ],
  idempotencyKey: ['{body:/data/id}'],
  eventType: ['{body:/data/event_type}'],
  notes: ['Telnyx waits 2 s for an answer.'],
  sample: {
    eventType: 'message.received',
    body: {
      data: {
        record_type: 'event',
        id: '{uuid}',
        event_type: '{event_type}',
        occurred_at: '{now_iso}',
        payload: { direction: 'inbound', text: 'Hello', from: { phone_number: '+13125550001' } },
      },
      meta: { attempt: 1 },
    },
  },
};
