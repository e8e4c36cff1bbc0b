import type { Provider } from '../provider.ts';

export const paypal: Provider = {
  id: 'paypal',
  name: 'PayPal',
  family: 'certificate',
  needs: [{ option: 'params.webhookId', what: 'Webhook ID: PayPal Developer Dashboard, the app, Webhooks.' }],
  // RSA-SHA256 of `{id}|{time}|{webhookId}|{crc32 of the body}`, with the certificate that a header names.
  schemes: [{ alg: 'plugin', plugin: 'paypal' }],
  idempotencyKey: ['{body:/id}'],
  eventType: ['{body:/event_type}'],
  notes: [
    'The receiver fetches certificates from *.paypal.com only, over HTTPS, so it has to reach that host.',
    'Events of the simulator are signed for another webhook id and refused.',
    'PayPal retries 25 times in three days.',
  ],
  sample: {
    eventType: 'PAYMENT.SALE.COMPLETED',
    headers: { 'PAYPAL-TRANSMISSION-ID': '{uuid}' },
    body: {
      id: 'WH-{uuid}',
      event_version: '1.0',
      create_time: '{now_iso}',
      resource_type: 'sale',
      event_type: '{event_type}',
      resource: { id: '80021663DE681814L', state: 'completed', amount: { total: '42.00', currency: 'EUR' } },
    },
  },
};
