// Stripe: verified, and what no repetition can mend becomes a dead letter.
//
//   STRIPE_SECRET=whsec_… CONFIG=examples/stripe.config.ts npm start
//
// At Stripe, Developers > Webhooks > Add endpoint: the URL ends in /webhooks/stripe; the signing secret is shown there.
// Without Stripe:
//
//   npx webhook-receiver send --provider stripe --event payment_intent.succeeded --secret-env STRIPE_SECRET
//
// Output, for a payment:
//   order 42 is paid: 20.00 EUR

import { defineConfig, env, type HandlerEvent, PermanentError } from 'webhook-receiver';

type PaymentSucceeded = {
  data: { object: { amount: number; currency: string; metadata: { order_id?: string } } };
};

export default defineConfig({
  sources: {
    // While a secret is being rolled: `secrets: [env('STRIPE_SECRET'), env('STRIPE_SECRET_OLD')]`, any that fits.
    stripe: { provider: 'stripe', secret: env('STRIPE_SECRET') },
  },
  destinations: {
    fulfil: {
      events: ['payment_intent.succeeded'],
      handler: ({ payload }: HandlerEvent<PaymentSucceeded>) => {
        const { amount, currency, metadata } = payload.data.object;
        // Trying again does not help; the dead letter waits for somebody who can tell what was paid.
        if (metadata.order_id === undefined) throw new PermanentError('the payment names no order');
        console.log(
          `order ${metadata.order_id} is paid: ${(amount / 100).toFixed(2)} ${currency.toUpperCase()}`,
        );
      },
    },
  },
});
