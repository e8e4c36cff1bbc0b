// A ledger in the receiver's own database, SQLite or PostgreSQL: CONFIG=examples/ledger.config.ts npm start
// Each payment is booked exactly once: its entry and the completion of its delivery are one commit.

import {
  defineConfig,
  type HandlerContext,
  type HandlerEvent,
  PermanentError,
  type Transaction,
} from 'webhook-receiver';

type Payment = { account: string; cents: number };

/** Own tables beside those of the inbox. A larger program creates them with its own migrations. */
const TABLES = [
  'create table if not exists app_entries (delivery_id text primary key, account text not null, cents bigint not null)',
  'create table if not exists app_balances (account text primary key, cents bigint not null)',
];

async function run(tx: Transaction, sql: string, values: readonly (string | number)[] = []): Promise<void> {
  if (tx.kind === 'postgres') await tx.query(sql, values);
  else tx.run(sql.replaceAll(/\$\d/g, '?'), ...values);
}

async function book(tx: Transaction, deliveryId: string, { account, cents }: Payment): Promise<void> {
  await run(tx, 'insert into app_entries values ($1, $2, $3)', [deliveryId, account, cents]);
  await run(
    tx,
    `insert into app_balances values ($1, $2)
     on conflict (account) do update set cents = app_balances.cents + excluded.cents`,
    [account, cents],
  );
}

export default defineConfig({
  destinations: {
    ledger: {
      events: ['payment.received'],
      handler: async ({ payload }: HandlerEvent<Payment>, { complete, deliveryId }: HandlerContext) => {
        if (!Number.isSafeInteger(payload.cents)) throw new PermanentError('cents must be a whole number');
        // Slow work, such as a call to another service, belongs here and not in the transaction.
        await complete((tx) => book(tx, deliveryId, payload));
        // The delivery is completed. Nothing that follows can change that.
      },
    },
    tables: {
      events: ['ledger.set-up'],
      handler: async (_event, { complete }) => {
        await complete(async (tx) => {
          for (const sql of TABLES) await run(tx, sql);
        });
      },
    },
  },
});
