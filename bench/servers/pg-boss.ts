// Fastify + pg-boss on PostgreSQL, its own upkeep off: it is the send that is measured.
// With WORKERS=N the jobs are done too, in batches of N, by a handler that returns at once.
import { PgBoss } from 'pg-boss';
import { serveInbox } from './fastify-inbox.ts';

const QUEUE = 'webhooks';
/** The shortest that pg-boss takes; with a full batch it does not wait at all. */
const POLL_SECONDS = 0.5;
const workers = Number(process.env.WORKERS ?? 0);
const boss = new PgBoss({
  connectionString: process.env.POSTGRES_URL ?? '',
  max: 20,
  supervise: false,
  schedule: false,
});
boss.on('error', (error) => process.stderr.write(`${error.message}\n`));
await boss.start();
await boss.createQueue(QUEUE);
let completed = 0;
if (workers > 0) {
  const fetching = { batchSize: workers, pollingIntervalSeconds: POLL_SECONDS, burstWhenBatchFull: true };
  await boss.work(QUEUE, fetching, async (jobs) => {
    // A moment early, since pg-boss completes them when this returns; over seconds that is nothing.
    completed += jobs.length;
  });
}
await serveInbox(
  async (order) => (await boss.send(QUEUE, order)) ?? '',
  () => completed,
);
