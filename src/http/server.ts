import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { type ProblemCode, rawProblem } from './problem.ts';

/** Bounds on what clients may hold open. Bodies have their own (MAX_BODY_BYTES). */
export const HTTP_LIMITS = {
  maxConnections: 4096,
  maxHeaderBytes: 16 * 1024,
  /** A slow sender loses its connection when its head, or the whole request, takes longer. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  /** Longer than the idle time of common load balancers (60 s), which otherwise race with our close. */
  keepAliveTimeoutMs: 75_000,
  timeoutCheckMs: 1_000,
} as const;

export type ServerParts = Readonly<{
  isIngest: (request: IncomingMessage) => boolean;
  ingest: (request: IncomingMessage, response: ServerResponse) => void;
  /** Answers everything else. */
  other: RequestListener;
}>;

/** Makes the HTTP server: ingest goes straight to its route, all else to the framework. */
export function createHttpServer({ isIngest, ingest, other }: ServerParts): Server {
  const route: RequestListener = (request, response) => {
    if (isIngest(request)) ingest(request, response);
    else other(request, response);
  };
  const server = createServer(
    {
      maxHeaderSize: HTTP_LIMITS.maxHeaderBytes,
      headersTimeout: HTTP_LIMITS.headersTimeoutMs,
      requestTimeout: HTTP_LIMITS.requestTimeoutMs,
      keepAliveTimeout: HTTP_LIMITS.keepAliveTimeoutMs,
      connectionsCheckingInterval: HTTP_LIMITS.timeoutCheckMs,
      noDelay: true,
    },
    route,
  );
  server.maxConnections = HTTP_LIMITS.maxConnections;
  // Node would drop headers beyond a count without a word; their size is bounded already.
  server.maxHeadersCount = 0;
  // Asked before the body is sent: whatever can be refused is refused without it.
  server.on('checkContinue', route);
  server.on('clientError', answerClientError);
  return server;
}

const CLIENT_ERRORS: Readonly<Record<string, Readonly<{ code: ProblemCode; detail: string }>>> = {
  HPE_HEADER_OVERFLOW: {
    code: 'headers_too_large',
    detail: `The request line and headers may have ${HTTP_LIMITS.maxHeaderBytes} bytes together.`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'request_timeout', detail: 'The request did not arrive in time.' },
};

/** Answers what never became a request: broken syntax, headers too large, too slow. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET' || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const known = CLIENT_ERRORS[error.code ?? ''];
  const { code, detail } = known ?? { code: 'bad_request', detail: 'This is not an HTTP/1.1 request.' };
  socket.end(rawProblem(code, detail), () => socket.destroy());
}
