// Shopify: verified, and forwarded byte for byte to a service that keeps orders.
//
//   SHOPIFY_SECRET=… ORDERS_URL=http://127.0.0.1:3000/hooks CONFIG=examples/shopify.config.ts npm start
//
// The secret is the app's client secret; for webhooks that were made in a shop's admin it is the one shown there.
// Shopify gives up on an endpoint after some failures in a row: whatever happens to the service behind, the receiver
// has answered 200 long before. Without Shopify:
//
//   npx webhook-receiver send --provider shopify --event orders/create --secret-env SHOPIFY_SECRET

import { defineConfig, env } from 'webhook-receiver';

export default defineConfig({
  sources: {
    shopify: { provider: 'shopify', secret: env('SHOPIFY_SECRET') },
  },
  destinations: {
    orders: {
      url: process.env.ORDERS_URL ?? 'http://127.0.0.1:3000/hooks',
      events: ['orders/*'],
      // Shopify's ids are larger than a JSON number can hold: nothing between the two may parse and write them again.
      timeoutSeconds: 10,
      retry: { maxAttempts: 12, baseDelaySeconds: 5, maxDelaySeconds: 3600 },
    },
  },
});
