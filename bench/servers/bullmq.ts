// Fastify + BullMQ on Redis. The job id is the idempotency key, so BullMQ drops repeats as the receiver does.
import { Queue } from 'bullmq';
import { serveInbox } from './fastify-inbox.ts';

const queue = new Queue('webhooks', {
  connection: { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) },
});
await queue.waitUntilReady();
await serveInbox(async (order) => {
  const job = await queue.add(order.event_type, order, { jobId: order.idempotency_key });
  return job.id ?? '';
});
