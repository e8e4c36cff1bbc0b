import Fastify from 'fastify';

export type Order = Readonly<{ idempotency_key: string; event_type: string }>;

/** Fastify in front of a queue: hands the parsed body over and answers 202 once the queue has it. */
export async function serveInbox(enqueue: (order: Order) => Promise<string>): Promise<void> {
  const app = Fastify();
  app.post<{ Body: Order }>('/webhooks', async (request, reply) => {
    const id = await enqueue(request.body);
    return reply.code(202).send({ id, idempotency_key: request.body.idempotency_key, status: 'pending' });
  });
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
}
