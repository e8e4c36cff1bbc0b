import Fastify from 'fastify';

export type Order = Readonly<{ idempotency_key: string; event_type: string }>;

/**
 * Fastify in front of a queue: hands the parsed body over and answers 202 once the queue has it.
 * @param completed how many jobs a worker has finished, where there is one; `GET /counts` tells
 */
export async function serveInbox(
  enqueue: (order: Order) => Promise<string>,
  completed: () => number = () => 0,
): Promise<void> {
  const app = Fastify();
  let accepted = 0;
  app.post<{ Body: Order }>('/webhooks', async (request, reply) => {
    const id = await enqueue(request.body);
    accepted += 1;
    return reply.code(202).send({ id, idempotency_key: request.body.idempotency_key, status: 'pending' });
  });
  app.get('/counts', async () => ({ accepted, completed: completed() }));
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
}
