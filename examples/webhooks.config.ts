// A config file: CONFIG=examples/webhooks.config.ts npm start
// As webhooks.config.ts in the working directory it is found without CONFIG.

import { defineConfig, type HandlerEvent, RetryAfter } from 'webhook-receiver';

export default defineConfig({
  sources: {
    // POST /webhooks/orders. POST /webhooks, the source `default`, always exists.
    orders: {},
  },
  destinations: {
    // Forwards over HTTP: the same bytes and headers that came in, plus Idempotency-Key.
    billing: {
      url: 'http://127.0.0.1:3000/hooks',
      events: ['order.*', 'invoice.*'],
      concurrency: 20,
      timeoutSeconds: 10,
      // Signs each request in the Standard Webhooks form. Keep real secrets in the environment.
      secret: process.env.BILLING_SECRET ?? 'whsec_ZXhhbXBsZS1zZWNyZXQtb2YtMzItYnl0ZXMtbG9uZyE=',
      permanentStatuses: [404, 422],
      retry: { maxAttempts: 8, baseDelaySeconds: 2, maxDelaySeconds: 600 },
    },
    // Runs in the process. Returning completes the delivery, throwing causes a retry.
    audit: {
      handler: async (event: HandlerEvent<{ order_id?: number }>, { attempt, signal }) => {
        signal.throwIfAborted();
        if (attempt === 1 && event.eventType === 'order.flaky') throw new RetryAfter(1);
        console.error(`audit: ${event.source} ${event.eventType} ${event.payload.order_id ?? '-'}`);
      },
    },
    // Or in its own module.
    archive: { sources: ['orders'], handler: './archive-handler.ts', concurrency: 2 },
  },
});
