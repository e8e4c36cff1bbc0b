import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Cleanup = Readonly<{ after(clean: () => Promise<void> | void): void }>;

/** What a fake does instead of answering, by how many requests came before; null answers. */
export type Mishap = (
  before: number,
  request: IncomingMessage,
) => Readonly<{ status: number; headers?: Readonly<Record<string, string>>; body?: string }> | null;

/** An API of a provider that only this process has. */
export type FakeApi = Readonly<{ url: string; asked: readonly string[] }>;

async function startApi(
  t: Cleanup,
  key: string,
  mishap: Mishap,
  answer: (url: URL, request: IncomingMessage, response: ServerResponse) => void,
): Promise<FakeApi> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const instead = mishap(asked.length, request);
    asked.push(`${request.method} ${request.url}`);
    if (instead !== null) {
      response.writeHead(instead.status, instead.headers ?? {}).end(instead.body ?? '');
      return;
    }
    if (request.headers.authorization !== `Bearer ${key}`) {
      response.writeHead(401).end('{"error":{"message":"Invalid API Key provided"}}');
      return;
    }
    answer(new URL(request.url!, 'http://fake'), request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export type FakeStripeEvent = Readonly<{ id: string; object: 'event'; created: number; type: string }> &
  Readonly<Record<string, unknown>>;

/**
 * Lists events as https://docs.stripe.com/api/events/list describes it: newest first, `limit`, `starting_after`,
 * `created[gte]`, `created[lte]`.
 * @param events from new to old, read at each request
 */
export function startFakeStripe(
  t: Cleanup,
  key: string,
  events: () => readonly FakeStripeEvent[],
  mishap: Mishap = () => null,
): Promise<FakeApi> {
  return startApi(t, key, mishap, ({ pathname, searchParams }, _request, response) => {
    if (pathname !== '/v1/events') return void response.writeHead(404).end('{}');
    const [since, until] = ['created[gte]', 'created[lte]'].map((name) => Number(searchParams.get(name)));
    const all = events().filter(({ created }) => created >= since! && created <= until!);
    const after = searchParams.get('starting_after');
    const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
    const limit = Number(searchParams.get('limit') ?? 10);
    const data = all.slice(from, from + limit);
    const list = { object: 'list', url: '/v1/events', has_more: from + limit < all.length, data };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(list));
  });
}

export type FakeDelivery = Readonly<{
  id: number;
  guid: string;
  delivered_at: string;
  redelivery: boolean;
  status_code: number;
  event: string;
}>;

/**
 * Lists the deliveries of one webhook, pages by a cursor in the Link header, and takes requests to send one again.
 * @param deliveries from new to old, read at each request
 * @param onRedeliver sends it again
 */
export function startFakeGithub(
  t: Cleanup,
  key: string,
  path: string,
  deliveries: () => readonly FakeDelivery[],
  onRedeliver: (delivery: FakeDelivery) => void,
  mishap: Mishap = () => null,
): Promise<FakeApi> {
  return startApi(t, key, mishap, ({ pathname, searchParams }, request, response) => {
    const all = deliveries();
    const [, id] = new RegExp(`^${path}/deliveries/(\\d+)/attempts$`).exec(pathname) ?? [];
    if (request.method === 'POST' && id !== undefined) {
      const found = all.find((delivery) => String(delivery.id) === id);
      if (found !== undefined) onRedeliver(found);
      return void response.writeHead(found === undefined ? 404 : 202).end('{}');
    }
    if (pathname !== `${path}/deliveries`) return void response.writeHead(404).end('{}');
    const from = Number((searchParams.get('cursor') ?? 'v1_0').slice(3));
    const size = Number(searchParams.get('per_page') ?? 30);
    const next = `https://elsewhere.example${pathname}?per_page=${size}&cursor=v1_${from + size}`;
    if (from + size < all.length) response.setHeader('link', `<${next}>; rel="next"`);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(all.slice(from, from + size)));
  });
}
