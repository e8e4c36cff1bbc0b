import type { FastifyInstance } from 'fastify';

/** What keeps the receiver from being ready, or null. */
export type Readiness = () => Promise<string | null>;

/** `GET /health` says that the process lives, `GET /ready` that it can do its work. */
export function registerHealth(api: FastifyInstance, readiness: Readiness): void {
  api.get('/health', async () => ({ status: 'ok' }));
  api.get('/ready', async (_request, reply) => {
    const obstacle = await readiness();
    if (obstacle === null) return { status: 'ready' };
    return reply.code(503).send({ status: obstacle });
  });
}
