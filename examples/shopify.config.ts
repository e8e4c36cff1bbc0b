// Shopify: verified, and forwarded byte for byte to a service that stores orders.
//
//   SHOPIFY_SECRET=… ORDERS_URL=http://127.0.0.1:3000/hooks CONFIG=examples/shopify.config.ts npm start
//
// The secret is the app's client secret; for webhooks created in a shop's admin it is the one shown there. Shopify
// removes an endpoint after consecutive failures; the receiver answers 200 whether or not your service is up.
//
// Without Shopify, this prints `200 OK`, and the receiver forwards the order:
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
      // Shopify's ids exceed what a JSON number can represent, so nothing on the way may parse and rewrite them.
      timeoutSeconds: 10,
      retry: { maxAttempts: 12, baseDelaySeconds: 5, maxDelaySeconds: 3600 },
    },
  },
});
