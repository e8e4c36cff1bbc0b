// Stripe: verified; a payment that no retry can fix becomes a dead letter.
//
//   STRIPE_SECRET=whsec_… CONFIG=examples/stripe.config.ts npm start
//
// At Stripe, Developers > Webhooks > Add endpoint: the URL ends in /webhooks/stripe; the signing secret is shown there.
//
// Without Stripe, this prints `order 42 is paid: 20.00 EUR`:
//
//   npx webhook-receiver send --provider stripe --event payment_intent.succeeded --secret-env STRIPE_SECRET
//
// Output for a payment:
//   order 42 is paid: 20.00 EUR

import { defineConfig, env, type HandlerEvent, PermanentError } from 'webhook-receiver';

type PaymentSucceeded = {
  data: { object: { amount: number; currency: string; metadata: { order_id?: string } } };
};

export default defineConfig({
  sources: {
    // During a rotation: `secrets: [env('STRIPE_SECRET'), env('STRIPE_SECRET_OLD')]`; any of them may match.
    stripe: { provider: 'stripe', secret: env('STRIPE_SECRET') },
  },
  destinations: {
    fulfil: {
      events: ['payment_intent.succeeded'],
      handler: ({ payload }: HandlerEvent<PaymentSucceeded>) => {
        const { amount, currency, metadata } = payload.data.object;
        // A retry does not help. The dead letter waits for a person who can find out what was paid.
        if (metadata.order_id === undefined) throw new PermanentError('the payment names no order');
        console.log(
          `order ${metadata.order_id} is paid: ${(amount / 100).toFixed(2)} ${currency.toUpperCase()}`,
        );
      },
    },
  },
});
