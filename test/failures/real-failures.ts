import { randomBytes, randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Failure } from '../../src/domain/failure-class.ts';
import { resultOfError, resultOfReply } from '../../src/handlers/normalise-result.ts';
import { contextWith, openForward, SELF_SIGNED } from '../../src/handlers/testing.ts';
import { anEvent } from '../../testkit/builders.ts';
import { freePort } from '../../testkit/server-process.ts';

/** Makes one failure of a cause; what may vary does. */
export type Fail = (at: number) => Promise<Failure>;

/** What a handler that throws, or rejects, comes to. */
export async function thrownBy(work: () => unknown, timedOut = false): Promise<Failure> {
  try {
    await work();
  } catch (error) {
    return resultOfError(error, { timedOut, timeoutMs: 1 + Math.floor(Math.random() * 9_000) });
  }
  throw new Error('nothing failed');
}

/** What the receiver's own client says of a destination. */
export async function forwarding(url: string, options: { timeoutMs?: number } = {}): Promise<Failure> {
  await using forward = openForward(url, {}, options);
  try {
    return resultOfReply((await forward.handle(anEvent(), contextWith())) ?? undefined);
  } catch (error) {
    return resultOfError(error, { timedOut: false, timeoutMs: 1 });
  }
}

/** A failure at a server that is there for this one alone, on a port of its own. */
async function at(
  server: Server,
  scheme: 'http' | 'https',
  fail: (url: string) => Promise<Failure>,
): Promise<Failure> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => open.add(socket.on('error', () => {})));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    return await fail(
      `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/${randomUUID()}`,
    );
  } finally {
    for (const socket of open) socket.destroy();
    server.close();
  }
}

export const atHttp =
  (listener: RequestListener): Fail =>
  () =>
    at(createServer(listener), 'http', forwarding);
export const atTcp =
  (onSocket: (socket: Socket) => void, scheme: 'http' | 'https' = 'http'): Fail =>
  () =>
    at(createTcpServer(onSocket), scheme, (url) => forwarding(url, { timeoutMs: 300 }));

/** A Node.js server that answers with a JSON error. */
export const json = (status: number, body: () => object): Fail =>
  atHttp((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body()));
  });

export const someId = () => randomBytes(8).toString('hex');
export const someTime = () => new Date(1_700_000_000_000 + Math.random() * 1e11).toISOString();
export const someNumber = () => Math.floor(1 + Math.random() * 99_999);

/** A Node.js program's own request to a server that is there for this one alone. */
const fetching =
  (listener: RequestListener, read: (answer: Response) => unknown): Fail =>
  () =>
    at(createServer(listener), 'http', (url) => thrownBy(async () => read(await fetch(url))));

function tlsOf(onlyWith: object): Fail {
  return () => at(createTlsServer({ key: SELF_SIGNED, cert: SELF_SIGNED, ...onlyWith }), 'https', forwarding);
}

/** Causes that a person would tell apart, and how they come about. */
export const CAUSES: Readonly<Record<string, Fail>> = {
  'client: refused': async () => forwarding(`http://127.0.0.1:${await freePort()}/`),
  'client: refused by name': async () => forwarding(`http://localhost:${await freePort()}/`),
  'client: no such host': (n) => forwarding(`http://crm-${n}-${someId()}.invalid:${8_000 + n}/`),
  'client: closed before an answer': atTcp((socket) => socket.once('data', () => socket.end())),
  'client: reset': atTcp((socket) => socket.once('data', () => socket.resetAndDestroy())),
  'client: not HTTP': atTcp((socket) => socket.end(`220 mail ${someId()} ESMTP\r\n`)),
  'client: no answer in time': atTcp(() => {}),
  'client: self-signed': tlsOf({}),
  'client: no TLS there': atTcp(
    (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 x\r\n\r\n')),
    'https',
  ),
  'timeout of the destination': () => thrownBy(() => Promise.reject(new Error('x')), true),
  'Node: 500 with a request id': json(500, () => ({
    error: 'internal',
    request_id: randomUUID(),
    at: someTime(),
  })),
  'Node: 500, price missing': json(500, () => ({
    error: `no price for order ${someNumber()}`,
    trace: someId(),
  })),
  'Node: 422, customer missing': json(422, () => ({
    message: `no customer cus_${someId()}`,
    statusCode: 422,
  })),
  'Node: 422, currency missing': json(422, () => ({
    message: `no currency in inv_${someId()}`,
    statusCode: 422,
  })),
  'Node: 404': atHttp((request, response) => response.writeHead(404).end(`Cannot POST ${request.url}`)),
  'Node: 429': json(429, () => ({
    error: 'rate limited',
    retry_after_ms: someNumber(),
    client: `10.0.0.${someNumber() % 255}`,
  })),
  'Node: 302': atHttp((_request, response) => {
    response
      .writeHead(302, { location: `http://login-${someNumber()}.example/sign-in?next=${someId()}` })
      .end();
  }),
  'Node: 500 with a stack': atHttp((_request, response) => {
    const line = someNumber();
    response
      .writeHead(500)
      .end(
        `TypeError: order.total is not a function\n    at handle (/srv/app/orders.js:${line}:${line % 80})`,
      );
  }),
  'Node: 503 without a body': atHttp((_request, response) => response.writeHead(503).end()),
  'handler: fetch refused': async () => {
    const port = await freePort();
    return thrownBy(() => fetch(`http://127.0.0.1:${port}/${someId()}`));
  },
  'handler: fetch, no such host': (n) => thrownBy(() => fetch(`http://erp-${n}-${someId()}.invalid/`)),
  'handler: look-up': (n) => thrownBy(() => lookup(`db-${n}-${someId()}.invalid`)),
  'handler: fetch timed out': () =>
    at(
      createServer(() => {}),
      'http',
      (url) => thrownBy(() => fetch(url, { signal: AbortSignal.timeout(20) })),
    ),
  'handler: HTML instead of JSON': fetching(
    (_request, response) => response.end(`<!DOCTYPE html><title>${someId()}</title>`),
    (answer) => answer.json(),
  ),
  'handler: cut JSON': (n) => thrownBy(() => JSON.parse(`{"order": ${n}, "total"`)),
  'handler: undefined id': () => thrownBy(() => (undefined as unknown as { id: string }).id),
  'handler: undefined total': () => thrownBy(() => (undefined as unknown as { total: string }).total),
  'handler: no file': (n) => thrownBy(() => readFile(`/srv/orders/${n}/${randomUUID()}.json`)),
  'handler: TLS for another host': () =>
    at(createTlsServer({ key: SELF_SIGNED, cert: SELF_SIGNED }), 'https', (url) =>
      thrownBy(async () => {
        const { port, hostname: host } = new URL(url);
        const servername = `pay-${someNumber()}.example`;
        const socket = connectTls({
          host,
          port: Number(port),
          servername,
          ca: SELF_SIGNED.slice(SELF_SIGNED.indexOf('-----BEGIN CERT')),
        });
        await once(socket, 'secureConnect').finally(() => socket.destroy());
      }),
    ),
  'handler: own error about an order': (n) =>
    thrownBy(() => Promise.reject(new Error(`order ${someNumber()} of shop ${n} is not open`))),
  'handler: own error about a payment': () =>
    thrownBy(() => Promise.reject(new Error(`payment pi_3N${someId()} has no charge`))),
};
