// The service behind an HTTP destination: it trusts only the signature and processes each delivery once.
//
//   BILLING_SECRET=whsec_… node --conditions=source examples/destination.ts
//
// Output, when the receiver forwards an event to it:
//   order.created order-42-created, attempt 1

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';

const secret = process.env.BILLING_SECRET ?? 'whsec_ZXhhbXBsZS1zZWNyZXQtb2YtMzItYnl0ZXMtbG9uZyE=';
const key = Buffer.from(secret.slice('whsec_'.length), 'base64');

/** In memory here. A real service stores the ids in the same transaction as the effect of the delivery. */
const done = new Set<string>();

const server = createServer(async (request, response) => {
  const body = await buffer(request);
  const deliveryId = String(request.headers['idempotency-key']);
  // 401 would be retried. A wrong signature never becomes right, so 410 fails the delivery at once.
  if (!isSigned(request.headers, body)) return response.writeHead(410).end('bad signature');
  if (!done.has(deliveryId)) {
    const event = JSON.parse(body.toString()) as { event_type: string; idempotency_key: string };
    console.log(
      `${event.event_type} ${event.idempotency_key}, attempt ${request.headers['webhook-attempt']}`,
    );
    done.add(deliveryId);
  }
  response.writeHead(204).end();
});

/** Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`, at most five minutes old. */
function isSigned(headers: IncomingHttpHeaders, body: Buffer): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  const given = Buffer.from(String(signature).replace(/^v1,/, ''), 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  console.error(`listening on http://127.0.0.1:${port}`);
});
process.on('SIGTERM', () => server.close());
