import type { FastifyInstance } from 'fastify';

/** What keeps the receiver from being ready, or null. */
export type Readiness = () => Promise<string | null>;

/** What is in trouble without keeping the receiver from its work. */
export type Degradations = () => readonly string[];

/** `GET /health` says that the process lives, `GET /ready` that it can do its work. */
export function registerHealth(api: FastifyInstance, readiness: Readiness, degradations: Degradations): void {
  api.get('/health', async () => ({ status: 'ok' }));
  api.get('/ready', async (_request, reply) => {
    const obstacle = await readiness();
    if (obstacle === null) {
      const degraded = degradations();
      // Still 200: a balancer that took this node away would only add to the trouble.
      return degraded.length === 0 ? { status: 'ready' } : { status: 'ready', degraded };
    }
    return reply.code(503).send({ status: obstacle });
  });
}
