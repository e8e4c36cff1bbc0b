import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

type Cleanup = Readonly<{ after(clean: () => Promise<void>): void }>;

/** A forwarded event as it came to the destination. */
export type Forwarded = Readonly<{
  /** 0 for the first request. */
  count: number;
  /** Flat, as sent. */
  rawHeaders: readonly string[];
  headers: IncomingMessage['headers'];
  body: Buffer;
  atMs: number;
}>;

export type Reply = Readonly<{ status: number; headers?: Record<string, string>; body?: string }>;

export type DestinationServer = Readonly<{ url: string; requests: readonly Forwarded[] }>;

/**
 * An HTTP server on a free port that the receiver forwards to.
 * @param answer what to answer, now or later; while it is not there the request is held
 */
export async function startDestination(
  t: Cleanup,
  answer: (request: Forwarded) => Reply | Promise<Reply>,
): Promise<DestinationServer> {
  const requests: Forwarded[] = [];
  const server = createServer(async (request, response) => {
    // A receiver that is killed leaves requests half-sent.
    request.on('error', () => {});
    const body = await readAll(request).catch(() => null);
    if (body === null) return;
    const { headers, rawHeaders } = request;
    const forwarded = { count: requests.length, rawHeaders, headers, body, atMs: performance.now() };
    requests.push(forwarded);
    send(response, await answer(forwarded));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(async () => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, requests };
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers = {}, body = '' }: Reply): void {
  response.writeHead(status, headers);
  response.end(body);
}

export type HeldDestination = DestinationServer &
  Readonly<{
    /** Answers what is held, and from now on everything at once. */
    release(): void;
  }>;

/** A destination that keeps every request waiting until it is released, and then says yes. */
export async function startHeldDestination(t: Cleanup): Promise<HeldDestination> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const destination = await startDestination(t, () => promise);
  return { ...destination, release: () => resolve({ status: 200 }) };
}
