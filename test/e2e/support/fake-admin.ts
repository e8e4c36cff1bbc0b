import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer: the status and the JSON. */
export type Answer = readonly [status: number, body: unknown];

export type FakeAdmin = Readonly<{
  url: string;
  port: string;
  /** `GET /admin/…`, in order. */
  asked: readonly string[];
  /** The last request's headers and body. */
  last(): Readonly<{ headers: IncomingMessage['headers']; body: string }>;
}>;

/** Answers as a receiver would, by method and path with query; anything else is 404. */
export async function fakeAdmin(
  t: Readonly<{ after(clean: () => Promise<void>): void }>,
  answers: Readonly<Record<string, Answer>>,
): Promise<FakeAdmin> {
  const asked: string[] = [];
  let last = { headers: {} as IncomingMessage['headers'], body: '' };
  const server = createServer(async (request, response) => {
    const key = `${request.method} ${request.url}`;
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push(key);
    last = { headers: request.headers, body };
    const [status, value] = answers[key] ?? [404, { code: 'not_found', detail: `nothing at ${key}` }];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(status === 204 ? undefined : JSON.stringify(value));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const port = String((server.address() as AddressInfo).port);
  return { url: `http://127.0.0.1:${port}`, port, asked, last: () => last };
}
