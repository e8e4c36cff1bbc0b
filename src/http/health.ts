import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { messageOf } from '../domain/errors.ts';
import { OPEN_METRICS_TYPE, takesOpenMetrics } from '../observe/open-metrics.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OperateStore } from '../store/store.ts';
import { ANYWHERE, type DocumentPart, json, problems, referTo, text } from './docs/operation.ts';

/** The stage of the receiver's life. */
export type Phase = 'starting' | 'running' | 'stopping';

/** Returns what keeps the receiver from being ready, or null. */
export type Readiness = () => Promise<string | null>;

/** Names the parts that fail while the receiver still works. */
export type Degradations = () => readonly string[];

export type MetricsText = Readonly<{
  contentType: string;
  text: () => Promise<string>;
  openMetrics: () => Promise<string>;
}>;

export type HealthParts = Readonly<{
  readiness: Readiness;
  degradations?: Degradations;
}>;

/** A probe costs a commit: however often `/ready` is asked, the store commits at most once a second for it. */
const PING_EVERY_MS = 1_000;

/** Ready means running, with a store that can commit. A full disk shows here before the first event is refused. */
export function createReadiness(
  parts: Readonly<{ store: Pick<OperateStore, 'ping'>; clock: Clock; phase: () => Phase }>,
): Readiness {
  let pinged: { atMs: number; obstacle: Promise<string | null> } | null = null;
  return async () => {
    const phase = parts.phase();
    if (phase !== 'running') return phase;
    const nowMs = parts.clock.nowMs();
    // A clock that stepped back must not keep the old answer until it has caught up.
    if (pinged === null || nowMs >= pinged.atMs + PING_EVERY_MS || nowMs < pinged.atMs) {
      const obstacle = parts.store.ping().then(
        () => null,
        (error: unknown) => `the store cannot commit: ${messageOf(error)}`,
      );
      pinged = { atMs: nowMs, obstacle };
    }
    return pinged.obstacle;
  };
}

const healthSchema = z.object({
  status: z.string(),
  degraded: z.array(z.string()).optional().describe('The parts that fail while events are still accepted.'),
});
type HealthBody = z.output<typeof healthSchema>;

/** `GET /health`: the process lives. `GET /ready`: it can do its work. */
export function registerHealth(api: FastifyInstance, parts: HealthParts): void {
  const { readiness, degradations = () => [] } = parts;
  api.get('/health', async (): Promise<HealthBody> => ({ status: 'ok' }));
  api.get('/ready', async (_request, reply): Promise<HealthBody> => {
    const obstacle = await readiness();
    reply.code(obstacle === null ? 200 : 503);
    return readyBody(obstacle, degradations());
  });
}

/** `GET /metrics`: the Prometheus text format, or OpenMetrics for scrapers that ask for it. */
export function registerMetrics(api: FastifyInstance, metrics: MetricsText): void {
  api.get('/metrics', async ({ headers }, reply) => {
    reply.header('vary', 'accept');
    if (takesOpenMetrics(headers.accept)) {
      return reply.type(OPEN_METRICS_TYPE).send(await metrics.openMetrics());
    }
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}

/** A degraded receiver is still ready: a load balancer that took this node away would only add to the trouble. */
function readyBody(obstacle: string | null, degraded: readonly string[]): HealthBody {
  if (obstacle !== null) return { status: obstacle };
  return { status: 'ready', ...(degraded.length > 0 && { degraded: [...degraded] }) };
}

const schemas = { Health: healthSchema };
const ref = referTo(schemas);

export const healthDocument: DocumentPart = {
  schemas,
  paths: {
    '/health': {
      get: {
        operationId: 'getHealth',
        summary: 'Whether the process lives',
        tags: ['operations'],
        responses: { '200': json('It does.', ref('Health')), ...problems(...ANYWHERE) },
      },
    },
    '/ready': {
      get: {
        operationId: 'getReady',
        summary: 'Whether the receiver can do its work',
        tags: ['operations'],
        responses: {
          '200': json('The store is open and workers run.', ref('Health')),
          '503': json('Not yet, not now, or not any more: `status` says why.', ref('Health')),
          ...problems(...ANYWHERE),
        },
      },
    },
    '/metrics': {
      get: {
        operationId: 'getMetrics',
        summary:
          'Metrics in the Prometheus text format, or as OpenMetrics with exemplars where Accept lists it',
        tags: ['operations'],
        responses: { '200': text('The text.', 'text/plain'), ...problems(...ANYWHERE) },
      },
    },
  },
};
