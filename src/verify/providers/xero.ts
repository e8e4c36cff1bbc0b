import type { Provider } from '../provider.ts';

export const xero: Provider = {
  id: 'xero',
  name: 'Xero',
  family: 'body',
  needs: [{ option: 'secret', what: 'Webhooks key: Xero developer portal, the app, Webhooks.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:x-xero-signature', enc: 'base64' },
      signed: '{body}',
      // It looks like base64 and is used as text.
      key: { enc: 'utf8' },
    },
  ],
  idempotencyKey: [
    '{body:/firstEventSequence}-{body:/lastEventSequence}:{body:/events/*/resourceId}:{body:/events/*/eventDateUtc}',
  ],
  eventType: ['{body:/events/*/eventCategory}.{body:/events/*/eventType}'],
  reply: { status: 200, body: '' },
  refusalBody: '',
  handshakes: [
    {
      name: 'intent to receive',
      method: 'POST',
      when: { matches: { 'body:/entropy': '[ -~]{1,256}' }, absent: ['body:/events/0'] },
      signed: true,
      reply: { status: 200, body: '' },
    },
  ],
  notes: [
    'Xero tests with right and wrong signatures and expects 200 and 401, without body or cookies, within 5 s.',
  ],
  sample: {
    eventType: 'INVOICE.UPDATE',
    body: {
      events: [
        {
          resourceUrl: 'https://api.xero.com/api.xro/2.0/Invoices/1001',
          resourceId: '{uuid}',
          eventDateUtc: '{now_iso}',
          eventType: 'UPDATE',
          eventCategory: 'INVOICE',
          tenantId: 'c2cc9b6e-9458-4c7d-93cc-f02b81b0594f',
        },
      ],
      firstEventSequence: 1,
      lastEventSequence: 1,
      entropy: 'S0m3r4Nd0mt3xt',
    },
  },
};
