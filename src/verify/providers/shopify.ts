import type { Provider } from '../provider.ts';

export const shopify: Provider = {
  id: 'shopify',
  name: 'Shopify',
  aliases: ['shopify-events'],
  family: 'body',
  needs: [
    {
      option: 'secret',
      what: 'Client secret of the app (Dev Dashboard, Settings); for webhooks of the store admin the secret shown there.',
    },
  ],
  schemes: [
    {
      alg: 'hmac',
      hash: 'sha256',
      sig: { from: ['header:X-Shopify-Hmac-Sha256', 'header:shopify-hmac-sha256'], enc: 'base64' },
      signed: '{body}',
    },
  ],
  // One action of a merchant has one event id, for webhooks of several topics and of several resources of one topic.
  idempotencyKey: [
    '{header:X-Shopify-Event-Id}:{header:X-Shopify-Topic}:{body_sha256_hex}',
    '{header:shopify-event-id}:{header:shopify-topic}:{body_sha256_hex}',
    '{header:X-Shopify-Webhook-Id}',
    '{header:shopify-webhook-id}',
  ],
  sharedBy: 'one event that several subscriptions of one topic send to this source',
  replayKey: [
    '{header:X-Shopify-Topic}:{header:X-Shopify-Shop-Domain}:{body_sha256_hex}',
    '{header:X-Shopify-Topic}:{body_sha256_hex}',
    '{header:shopify-topic}:{body_sha256_hex}',
  ],
  eventType: ['{header:X-Shopify-Topic}', '{header:shopify-topic}'],
  reply: { status: 200 },
  notes: [
    'Shopify deletes the subscription after eight failures within four hours.',
    'After a rotation Shopify signs with the old secret for a while: set both in `secrets`.',
    'Two subscriptions of one topic send the event twice under one id; it is accepted once.',
  ],
  sample: {
    eventType: 'orders/create',
    headers: {
      'X-Shopify-Topic': '{event_type}',
      'X-Shopify-Event-Id': '{uuid}',
      'X-Shopify-Webhook-Id': '{uuid}',
      'X-Shopify-Shop-Domain': 'example.myshopify.com',
      'X-Shopify-Triggered-At': '{now_iso}',
    },
    body: {
      id: 5555543449827,
      name: '#1001',
      email: 'ada@example.org',
      created_at: '{now_iso}',
      currency: 'EUR',
      total_price: '42.00',
      line_items: [{ id: 466157049, title: 'Notebook', quantity: 1, price: '42.00' }],
    },
  },
};
