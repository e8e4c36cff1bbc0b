// The obvious inbox on PostgreSQL: one INSERT, and so one transaction, per request, over a pool of connections.
import { createServer } from 'node:http';
import pg from 'pg';

type Order = Readonly<{ idempotency_key: string; event_type: string }>;

const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL ?? '', max: 20 });
await pool.query(`
  create table events (
    id bigint generated always as identity primary key,
    idempotency_key text not null unique,
    event_type text not null,
    headers text not null,
    body bytea not null,
    status text not null default 'pending',
    received_at bigint not null
  )`);
const insert = {
  name: 'insert',
  text:
    'insert into events (idempotency_key, event_type, headers, body, received_at) values ($1, $2, $3, $4, $5)' +
    ' on conflict do nothing',
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const body = Buffer.concat(chunks);
    const order = JSON.parse(body.toString()) as Order;
    const headers = JSON.stringify(request.rawHeaders);
    const values = [order.idempotency_key, order.event_type, headers, body, Date.now()];
    const { rowCount } = await pool.query({ ...insert, values });
    const reply = `{"idempotency_key":"${order.idempotency_key}","status":"pending"}`;
    response.writeHead(rowCount === 1 ? 202 : 200, {
      'content-type': 'application/json',
      'content-length': reply.length,
    });
    response.end(reply);
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1');
