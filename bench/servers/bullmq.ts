// Fastify + BullMQ on Redis. The job id is the idempotency key, so BullMQ drops repeats as the receiver does.
// With WORKERS=N the jobs are done too, by a handler that returns at once.
import { Queue, Worker } from 'bullmq';
import { serveInbox } from './fastify-inbox.ts';

const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) };
const workers = Number(process.env.WORKERS ?? 0);
const queue = new Queue('webhooks', { connection });
await queue.waitUntilReady();
let completed = 0;
if (workers > 0) {
  const worker = new Worker('webhooks', async () => {}, { connection, concurrency: workers });
  worker.on('completed', () => {
    completed += 1;
  });
  worker.on('error', (error) => process.stderr.write(`${error.message}\n`));
}
await serveInbox(
  async (order) => {
    const job = await queue.add(order.event_type, order, { jobId: order.idempotency_key });
    return job.id ?? '';
  },
  () => completed,
);
