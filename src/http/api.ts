import type { Server } from 'node:http';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { messageOf, StoreError } from '../domain/errors.ts';
import type { Emit } from '../events.ts';
import type { Store } from '../store/store.ts';
import { type AdminParts, openEndpoints, registerAdmin } from './admin/admin.ts';
import { createLogin } from './admin/login.ts';
import { collectMethods } from './allowed-methods.ts';
import { type ConsoleParts, registerConsole } from './console/console.ts';
import { registerDocs } from './docs/docs.ts';
import { openApiDocument } from './docs/openapi.ts';
import { type HealthParts, type MetricsText, registerHealth, registerMetrics } from './health.ts';
import { createIngestRoute, type IngestParts } from './ingest/route.ts';
import { replyProblem } from './reply.ts';
import { expectsBody } from './send-problem.ts';
import { createHttpServer, HTTP_LIMITS, type HttpLimits } from './server.ts';
import { registerStatus } from './status.ts';

export type ApiParts = HealthParts &
  Readonly<{
    ingest: IngestParts;
    store: Store;
    emit: Emit;
    version: string;
    admin: AdminParts;
    console: Pick<ConsoleParts, 'publicUrl' | 'noteLastEvent'>;
    metrics: MetricsText;
    limits?: HttpLimits;
  }>;

/**
 * What a listener serves: everything, or, where operators have a listener of their own, either what senders use or
 * what operators use. Health is on each. `terminal` is the console alone, for whoever has started the receiver by hand.
 */
export type Surface = 'all' | 'senders' | 'operators' | 'terminal';

/** The HTTP interface. It listens once `api.listen` is called. */
export async function createApi(parts: ApiParts, surface: Surface = 'all'): Promise<FastifyInstance> {
  const { limits = HTTP_LIMITS } = parts;
  const takesEvents = surface === 'all' || surface === 'senders';
  const ingest = takesEvents ? createIngestRoute(parts.ingest) : null;
  const api: FastifyInstance = fastify({
    serverFactory: (other) => createHttpServer({ ingest, other, limits }) as unknown as Server,
    logger: false,
    // The server has its own handler; the framework's would answer a second time.
    clientErrorHandler: () => {},
    frameworkErrors: (error, _request, reply) => void replyProblem(reply, 'bad_request', messageOf(error)),
    // Reads are answered until the end: the store closes after the server.
    return503OnClosing: false,
    // A very long id is unknown like any other.
    routerOptions: { maxParamLength: limits.maxHeaderBytes },
  });
  // No route of the framework takes a body: one that comes is not read, so its type cannot be wrong.
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('*', (_request, _payload, done) => done(null));
  api.addHook('onSend', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    if (!request.raw.complete && expectsBody(request.raw)) reply.header('connection', 'close');
  });
  // Otherwise a slow upload would delay the end of the process by up to requestTimeoutMs.
  api.addHook('preClose', async () => {
    setTimeout(() => api.server.closeAllConnections(), limits.closeGraceMs).unref();
  });
  const allowedMethods = collectMethods(
    api,
    ingest === null ? [] : ['/webhooks', '/webhooks/', '/webhooks/:name', '/webhooks/:name/'],
    ingest === null ? () => [] : ingest.methodsOf,
  );
  const replyNotFound = (request: FastifyRequest, reply: FastifyReply) => {
    const isClosed = parts.admin.tokens().isEmpty && /^\/admin\b/.test(request.url);
    const allowed = isClosed ? '' : allowedMethods(request.url);
    if (allowed === '' || allowed.split(', ').includes(request.method)) {
      return replyProblem(reply, 'not_found', NOWHERE[surface]);
    }
    reply.header('allow', allowed);
    return replyProblem(reply, 'method_not_allowed', `Allowed here: ${allowed}.`);
  };
  api.setNotFoundHandler(replyNotFound);
  api.setErrorHandler((error: FastifyError, request, reply) => {
    const { statusCode = 500 } = error;
    // The framework checks content types before it finds that there is no route.
    if (request.is404) return replyNotFound(request, reply);
    if (error instanceof StoreError) {
      parts.emit({ type: 'store.failed', operation: 'browse', error });
      return replyProblem(reply, 'store_error', `The store did not answer: ${error.message}.`);
    }
    if (statusCode < 500) return replyProblem(reply, 'bad_request', messageOf(error));
    parts.emit({
      type: 'receiver.failed',
      message: `${request.method} ${request.routeOptions.url} failed`,
      error,
    });
    return replyProblem(reply, 'internal', 'The log has the cause.');
  });
  registerHealth(api, parts);
  if (takesEvents) registerStatus(api, parts.store);
  if (surface === 'terminal') registerOperators(api, parts, true);
  if (surface === 'all' || surface === 'operators') {
    registerMetrics(api, parts.metrics);
    registerOperators(api, parts, false);
    await registerDocs(api, openApiDocument(parts.version));
  }
  return api;
}

/** The admin surface, and the console, whose pages ask the same endpoints. */
function registerOperators(
  api: FastifyInstance,
  { admin, store, console }: ApiParts,
  isOfTerminal: boolean,
): void {
  const endpoints = openEndpoints(admin);
  const login = createLogin(admin);
  const access = { tokens: admin.tokens, login };
  if (!isOfTerminal) registerAdmin(api, endpoints, access);
  registerConsole(api, { ...admin, store, ...console, ...access, call: endpoints.call, isOfTerminal });
}

/** The detail of a 404. The commands know these sentences. */
const NOWHERE: Readonly<Record<Surface, string>> = {
  all: 'The API is described at /docs.',
  operators: 'The API is described at /docs.',
  senders: 'Nothing else is served here.',
  terminal: 'The console is at /console.',
};
