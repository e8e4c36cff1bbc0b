// What forwarding is compared with: node:http that reads a request, forwards it over the receiver's own client and answers
// once the destination has. Nothing is kept, so nothing is retried either.
import { createServer } from 'node:http';
import { openClient } from '../../src/handlers/http-client/open-client.ts';
import { writeRequest } from '../../src/handlers/http-client/write-request.ts';
import { systemClock } from '../../src/runtime/clock.ts';

const destination = new URL(process.env.DESTINATION_URL!);
const TIMEOUT_MS = 30_000;
const client = openClient(destination, {
  connections: Number(process.env.CONCURRENCY),
  connectTimeoutMs: TIMEOUT_MS,
  answerTimeoutMs: TIMEOUT_MS,
  bodyWaitMs: TIMEOUT_MS,
  clock: systemClock,
});
const { signal } = new AbortController();
let forwarded = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    if (request.url === '/counts') {
      response.end(JSON.stringify({ accepted: forwarded, completed: forwarded }));
      return;
    }
    const headers = ['content-type', request.headers['content-type'] ?? 'application/octet-stream'];
    const { host, pathname } = destination;
    const forward = { method: 'POST', host, path: pathname, headers, body: Buffer.concat(chunks) };
    const { status } = await client.send(writeRequest(forward), signal);
    forwarded += 1;
    response.writeHead(status).end();
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1');
