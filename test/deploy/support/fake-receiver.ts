import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { problemReply } from '../../../src/http/problem.ts';

type Cleanup = Readonly<{ after(clean: () => Promise<void>): void }>;

/** What two receivers on one database share: events by source and key. */
export type SharedInbox = Readonly<{
  /** How often an event of the key was stored: never more than once. */
  stored: ReadonlyMap<string, number>;
  insert(key: string): 'inserted' | 'duplicate';
}>;

export function createInbox(): SharedInbox {
  const stored = new Map<string, number>();
  return {
    stored,
    insert(key) {
      if (stored.has(key)) return 'duplicate';
      stored.set(key, 1);
      return 'inserted';
    },
  };
}

export type Seen = Readonly<{
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}>;

export type FakeReceiver = Readonly<{
  port: number;
  /** Requests that came in whole. */
  requests: readonly Seen[];
  /** Heads that came in, whether or not a body followed. */
  heads(): number;
  connections(): number;
  /** As SIGKILL: every connection is cut, and new ones are refused. */
  kill(): void;
}>;

export type Behaviour = Readonly<{
  /** Called once the event is stored, before it is answered. */
  afterCommit?: (node: FakeReceiver) => void;
  /** Instead of storing anything. */
  answer?: (response: ServerResponse) => void;
}>;

/** A stand-in that keeps the receiver's word: 202 for a new key, 200 for a known one, both after the commit. */
export async function startFakeReceiver(
  t: Cleanup,
  inbox: SharedInbox,
  { afterCommit, answer }: Behaviour = {},
): Promise<FakeReceiver> {
  const requests: Seen[] = [];
  let heads = 0;
  let connections = 0;
  const server = createServer({ keepAliveTimeout: 75_000 }, async (request, response) => {
    heads += 1;
    request.on('error', () => {});
    const body = await readAll(request).catch(() => null);
    if (body === null) return;
    requests.push({ method: request.method!, url: request.url!, headers: request.headers, body });
    if (answer !== undefined) return answer(response);
    const { idempotency_key: key } = JSON.parse(body.toString()) as { idempotency_key: string };
    const outcome = inbox.insert(`${request.url} ${key}`);
    afterCommit?.(node);
    response.writeHead(outcome === 'inserted' ? 202 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ idempotency_key: key, status: 'pending' }));
  });
  server.on('connection', () => {
    connections += 1;
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const node: FakeReceiver = {
    port: (server.address() as { port: number }).port,
    requests,
    heads: () => heads,
    connections: () => connections,
    kill() {
      server.close();
      server.closeAllConnections();
    },
  };
  t.after(async () => node.kill());
  return node;
}

/** Answers as a receiver that stops. */
export function refuseShuttingDown(response: ServerResponse): void {
  const { status, headers, body } = problemReply('shutting_down', 'No events are taken now.');
  response.writeHead(status, headers).end(body);
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
