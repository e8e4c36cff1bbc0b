// Fastify + pg-boss on PostgreSQL, its own upkeep off: it is the send that is measured.
import { PgBoss } from 'pg-boss';
import { serveInbox } from './fastify-inbox.ts';

const QUEUE = 'webhooks';
const boss = new PgBoss({
  connectionString: process.env.POSTGRES_URL ?? '',
  max: 20,
  supervise: false,
  schedule: false,
});
boss.on('error', (error) => process.stderr.write(`${error.message}\n`));
await boss.start();
await boss.createQueue(QUEUE);
await serveInbox(async (order) => (await boss.send(QUEUE, order)) ?? '');
