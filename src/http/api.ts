import type { Server } from 'node:http';
import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { messageOf, StoreError } from '../domain/errors.ts';
import type { Emit } from '../observe/events.ts';
import type { BrowseStore, OperateStore } from '../store/store.ts';
import { registerDocs } from './docs-route.ts';
import { type Readiness, registerHealth } from './health-route.ts';
import { createIngestRoute, type IngestParts, isIngest } from './ingest-route.ts';
import { type MetricsText, registerMetrics } from './metrics-route.ts';
import { replyProblem } from './reply.ts';
import { createHttpServer } from './server.ts';
import { registerStatus } from './status-route.ts';

export type ApiParts = Readonly<{
  ingest: IngestParts;
  store: BrowseStore & OperateStore;
  metrics: MetricsText;
  readiness: Readiness;
  emit: Emit;
  version: string;
}>;

/** The whole HTTP face. It listens once `api.listen` is called. */
export async function createApi(parts: ApiParts): Promise<FastifyInstance> {
  const api: FastifyInstance = fastify({
    serverFactory: (other) =>
      createHttpServer({ isIngest, ingest: createIngestRoute(parts.ingest), other }) as unknown as Server,
    logger: false,
    // The status API takes no bodies.
    bodyLimit: 16 * 1024,
    routerOptions: { maxParamLength: 512 },
  });
  api.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
  });
  api.setNotFoundHandler((request, reply) => {
    const allowed = allowedMethods(request.url);
    if (allowed === null) return replyProblem(reply, 'not_found', 'The API is described at /docs.');
    reply.header('allow', allowed);
    return replyProblem(reply, 'method_not_allowed', `Allowed here: ${allowed}.`);
  });
  api.setErrorHandler((error: FastifyError, request, reply) => {
    const { statusCode = 500 } = error;
    if (error instanceof StoreError) {
      parts.emit({ type: 'store.failed', operation: 'browse', error });
      return replyProblem(reply, 'store_error', `The store did not answer: ${messageOf(error)}`);
    }
    if (statusCode < 500) return replyProblem(reply, 'bad_request', messageOf(error));
    parts.emit({
      type: 'receiver.failed',
      message: `${request.method} ${request.routeOptions.url} failed`,
      error,
    });
    return replyProblem(reply, 'internal', 'The log has the cause.');
  });
  registerHealth(api, parts.readiness);
  registerMetrics(api, parts.metrics);
  registerStatus(api, parts.store);
  await registerDocs(api, parts.version);
  return api;
}

const METHODS: readonly (readonly [RegExp, string])[] = [
  [/^\/webhooks(\?|$)/, 'GET, HEAD, POST'],
  [/^\/webhooks\/[^/]+$/, 'GET, HEAD, POST'],
  [/^\/(health|ready|metrics|openapi\.json|docs)(\?|$)/, 'GET, HEAD'],
];

function allowedMethods(url: string): string | null {
  return METHODS.find(([path]) => path.test(url))?.[1] ?? null;
}
