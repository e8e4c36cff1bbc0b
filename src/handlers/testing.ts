/** Test support for this folder. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { NO_LOG } from '../domain/handler-log.ts';
import { systemClock } from '../runtime/clock.ts';
import type { HandlerContext } from './handler.ts';
import { createHttpForward, type HttpForwardOptions, type HttpTarget } from './http-forward.ts';

export const DELIVERY_ID = '0190a5e4-0000-7000-8000-000000000001';

export function contextWith(overrides: Partial<HandlerContext> = {}): HandlerContext {
  const signal = new AbortController().signal;
  const complete = async () => {};
  return {
    deliveryId: DELIVERY_ID,
    idempotencyKey: DELIVERY_ID,
    destination: 'billing',
    attempt: 1,
    signal,
    complete,
    log: NO_LOG,
    ...overrides,
  };
}

/** A request as it was received. */
export type RawRequest = Readonly<{ line: string; headers: readonly string[]; body: Buffer }>;

export type RawServer = AsyncDisposable & {
  readonly url: string;
  readonly requests: RawRequest[];
  /** Connections made so far. */
  readonly connections: () => number;
  /** Resolves when no connection is open any more. */
  readonly allClosed: () => Promise<void>;
};

/** Starts a TCP server on a free port that passes each complete request to `respond`. */
export async function startRawServer(
  respond: (socket: Socket, request: RawRequest, count: number) => void,
): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => {});
    onRequests(socket, (request) => respond(socket, request, requests.push(request)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    async allClosed() {
      // Not `once`, which rejects when the socket is reset.
      await Promise.all([...open].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function onRequests(socket: Socket, emit: (request: RawRequest) => void): void {
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (let end = received.indexOf('\r\n\r\n'); end !== -1; end = received.indexOf('\r\n\r\n')) {
      const [line, ...fields] = received.subarray(0, end).toString('latin1').split('\r\n');
      const length = Number(/^content-length: (\d+)$/im.exec(fields.join('\n'))?.[1] ?? 0);
      if (received.length < end + 4 + length) return;
      const body = received.subarray(end + 4, end + 4 + length);
      received = received.subarray(end + 4 + length);
      emit({ line: line!, headers: fields.flatMap(nameAndValue), body });
    }
  });
}

function nameAndValue(field: string): [string, string] {
  const colon = field.indexOf(': ');
  return [field.slice(0, colon), field.slice(colon + 2)];
}

/** The values of a header, found in any case. */
export function valuesOf(headers: readonly string[], name: string): string[] {
  return headers.filter((_, at) => at % 2 === 1 && headers[at - 1]!.toLowerCase() === name.toLowerCase());
}

/** Opens a forwarder to the URL, which the test closes with `await using`. */
export function openForward(
  url: string,
  target: Partial<HttpTarget> = {},
  options: Partial<HttpForwardOptions> = {},
) {
  const handler = createHttpForward(
    {
      kind: 'http',
      url,
      headers: {},
      secret: null,
      permanentStatuses: [],
      method: 'event',
      query: 'forward',
      ...target,
    },
    { concurrency: 2, timeoutMs: 5000, clock: systemClock, isSecretQuery: () => false, ...options },
  );
  const close = async () => handler.close?.();
  return { handle: handler.handle, close, [Symbol.asyncDispose]: close };
}

/** A key and its certificate for localhost, from 2020 to 2120, for these tests alone. */
export const SELF_SIGNED = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGfJT0yebRmNebO7R
4enm5hFBHrR9JQ5G+U458RjbJZ+hRANCAAQdQrjlO3jU+ED8Mm6lx2uOrpoI65ty
Im5nd8SMi3vkgopcs3xN+BRhMBcs14Nh/RaVGaNxRvZjBYqw/aMNpQtN
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBETCBuAIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwIBcN
MjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMMCWxvY2Fs
aG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABB1CuOU7eNT4QPwybqXHa46u
mgjrm3Iibmd3xIyLe+SCilyzfE34FGEwFyzXg2H9FpUZo3FG9mMFirD9ow2lC00w
CgYIKoZIzj0EAwIDSAAwRQIhAOCrjblLlR7+fzcwfyCIqyMIMr4b4geRkqvZ+a4q
H8GNAiA3vjxR7RLJKrz+jTikfbghfwaEWvMc8T5Ic866tPRWdw==
-----END CERTIFICATE-----
`;
