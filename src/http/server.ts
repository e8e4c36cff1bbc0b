import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { createClientErrorHandler } from './client-error.ts';
import type { IngestRoute } from './ingest/route.ts';
import { problemReply, rawProblem } from './problem.ts';
import { refuseHead, toOriginForm } from './request-head.ts';
import { sendProblem } from './send-problem.ts';

/** Bounds on connections and requests. MAX_BODY_BYTES bounds bodies. */
export const HTTP_LIMITS = {
  maxConnections: 4096,
  maxHeaderBytes: 16 * 1024,
  /** A sender loses its connection when its headers, or its whole request, take longer. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  /** So does a client that does not read its response. */
  idleTimeoutMs: 120_000,
  /** Longer than the idle time of common load balancers (60 s), whose next request would race with our close. */
  keepAliveTimeoutMs: 75_000,
  timeoutCheckMs: 1_000,
  /** How long requests that are still arriving at a stop have to end. */
  closeGraceMs: 5_000,
};
export type HttpLimits = Readonly<typeof HTTP_LIMITS>;

export type ServerParts = Readonly<{
  /** Null: this server takes no events. */
  ingest: IngestRoute | null;
  /** Answers everything else. */
  other: RequestListener;
  limits: HttpLimits;
}>;

/** Makes the HTTP server: ingest goes straight to its route, everything else to the framework. */
export function createHttpServer({ ingest, other, limits }: ServerParts): Server {
  const route: RequestListener = (request, response) => {
    const refusal = refuseHead(request);
    if (refusal !== null) return sendProblem(response, problemReply(refusal.code, refusal.detail));
    toOriginForm(request);
    if (ingest?.takes(request)) ingest.handle(request, response);
    else other(request, response);
  };
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckMs,
      // Node's own refusal has no body.
      requireHostHeader: false,
      noDelay: true,
    },
    route,
  );
  server.timeout = limits.idleTimeoutMs;
  server.maxConnections = limits.maxConnections;
  // Node would silently drop headers beyond a count; maxHeaderSize bounds them already.
  server.maxHeadersCount = 0;
  // A sender may end its side after the request and still gets its response. Node has no option for this.
  Object.assign(server, { httpAllowHalfOpen: true });
  // Arrives before the body: a request that can be refused by its headers is refused without its body.
  server.on('checkContinue', route);
  // RFC 9110, section 10.1.1: any other expectation may be ignored.
  server.on('checkExpectation', route);
  server.on('connect', refuseConnect);
  server.on('clientError', createClientErrorHandler(limits));
  return server;
}

/** Without a listener Node cuts the connection. */
function refuseConnect(_request: IncomingMessage, socket: Socket): void {
  socket.on('error', () => {});
  socket.end(rawProblem('method_not_allowed', 'This is not a proxy.'), () => socket.destroy());
}
