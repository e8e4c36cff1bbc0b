import type { Provider } from '../provider.ts';

export const woocommerce: Provider = {
  id: 'woocommerce',
  name: 'WooCommerce',
  aliases: ['woo'],
  family: 'body',
  needs: [{ option: 'secret', what: 'Secret: WooCommerce, Settings, Advanced, Webhooks, the webhook.' }],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: 'header:X-WC-Webhook-Signature', enc: 'base64' },
      signed: '{body}',
      key: { derive: 'html' },
    },
  ],
  // Two events of one webhook within a second share their delivery id.
  idempotencyKey: [],
  replayKey: ['{header:X-WC-Webhook-Topic}:{body_sha256_hex}', '{body_sha256_hex}'],
  eventType: ['{header:X-WC-Webhook-Topic}'],
  handshakes: [
    {
      name: 'ping',
      method: 'POST',
      when: {
        contentType: 'application/x-www-form-urlencoded',
        matches: { 'form:webhook_id': '\\d{1,20}' },
        noHeader: 'X-WC-Webhook-Signature',
      },
      signed: false,
      reply: { status: 200, body: '' },
    },
  ],
  notes: [
    'WooCommerce does not retry: every delivery is a new event. More than five failures in a row switch the webhook off.',
    'WooCommerce decodes HTML entities in the secret before it signs, and so does the receiver.',
  ],
  sample: {
    eventType: 'order.updated',
    headers: {
      'X-WC-Webhook-Topic': '{event_type}',
      'X-WC-Webhook-ID': '5',
      'X-WC-Webhook-Delivery-ID': '{uuid}',
      'X-WC-Webhook-Source': 'https://shop.example.com/',
    },
    body: { id: 727, status: 'processing', currency: 'EUR', total: '42.00', date_modified: '{now_iso}' },
  },
};
