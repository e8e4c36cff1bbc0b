import type { FastifyInstance } from 'fastify';

export type MetricsText = Readonly<{ contentType: string; text: () => Promise<string> }>;

/** `GET /metrics`, in the Prometheus text format. */
export function registerMetrics(api: FastifyInstance, metrics: MetricsText): void {
  api.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}
