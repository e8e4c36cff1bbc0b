// The receiver inside your own program, with a typed handler.
//
//   node --conditions=source examples/embedded.ts      (in a checkout; with the package installed: node embedded.mts)
//
// Output:
//   POST answered 202 pending
//   invoice for order 42: 19.99 EUR, attempt 1
//   POST again answered 200
//   GET says completed after 1 attempt

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createReceiver, type HandlerEvent, PermanentError } from 'webhook-receiver';

type Order = { order_id: number; amount: number; currency: string };

const handled = Promise.withResolvers<void>();
const folder = mkdtempSync(path.join(tmpdir(), 'webhook-receiver-'));

const receiver = createReceiver({
  env: { DB_PATH: path.join(folder, 'events.db'), HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'ERROR' },
  sources: { shop: {} },
  destinations: {
    invoices: {
      events: ['order.*'],
      handler: async ({ payload }: HandlerEvent<Order>, { attempt }) => {
        // A retry would not help: the delivery fails at once and stays as a dead letter.
        if (payload.amount < 0) throw new PermanentError(`order ${payload.order_id} has a negative amount`);
        const amount = (payload.amount / 100).toFixed(2);
        console.log(
          `invoice for order ${payload.order_id}: ${amount} ${payload.currency}, attempt ${attempt}`,
        );
        handled.resolve();
      },
    },
  },
});

const { url } = await receiver.start();

const event = {
  idempotency_key: 'order-42-created',
  event_type: 'order.created',
  payload: { order_id: 42, amount: 1999, currency: 'EUR' },
};
const post = () =>
  fetch(`${url}/webhooks/shop`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(event),
  });

const first = await post();
const { id, status } = (await first.json()) as { id: string; status: string };
console.log(`POST answered ${first.status} ${status}`);
await handled.promise;

console.log(`POST again answered ${(await post()).status}`);

for (;;) {
  const state = (await (await fetch(`${url}/webhooks/${id}`)).json()) as { status: string; attempts: number };
  if (state.status !== 'completed') continue;
  console.log(`GET says ${state.status} after ${state.attempts} attempt`);
  break;
}

await receiver.stop();
rmSync(folder, { recursive: true });
