// The service behind an HTTP destination: it trusts only the signature and does each piece of work once, also when the
// answer was lost and the delivery is repeated, or is replayed after it has failed.
//
//   BILLING_SECRET=whsec_… KEYS=keys.db node --conditions=source examples/destination.ts
//
// Output, when the receiver forwards an event to it:
//   order.created order-42-created, attempt 1

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { buffer } from 'node:stream/consumers';

const secret = process.env.BILLING_SECRET ?? 'whsec_ZXhhbXBsZS1zZWNyZXQtb2YtMzItYnl0ZXMtbG9uZyE=';
const secretKey = Buffer.from(secret.slice('whsec_'.length), 'base64');

/** Keeps the keys of what is done beside the work itself, which is one row of a ledger here. */
const db = new DatabaseSync(process.env.KEYS ?? ':memory:');
db.exec('create table if not exists ledger (key text primary key, entry text not null) strict');
const enter = db.prepare('insert into ledger (key, entry) values (?, ?) on conflict (key) do nothing');

const server = createServer(async (request, response) => {
  const body = await buffer(request);
  const key = String(request.headers['idempotency-key']);
  // 401 would be retried. A wrong signature never becomes right, so 410 fails the delivery at once.
  if (!isSigned(request.headers, body)) return response.writeHead(410).end('bad signature');
  const event = JSON.parse(body.toString()) as { event_type: string; idempotency_key: string };
  const entry = `${event.event_type} ${event.idempotency_key}`;
  // The work and its key are one row, so one is never there without the other.
  const { changes } = enter.run(key, entry);
  if (changes === 1) console.log(`${entry}, attempt ${request.headers['webhook-attempt']}`);
  response.writeHead(204).end();
});

/** Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`, at most five minutes old. */
function isSigned(headers: IncomingHttpHeaders, body: Buffer): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const expected = createHmac('sha256', secretKey).update(`${id}.${timestamp}.`).update(body).digest();
  const given = Buffer.from(String(signature).replace(/^v1,/, ''), 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  console.error(`listening on http://127.0.0.1:${port}`);
});
process.on('SIGTERM', () => server.close());
