// The obvious inbox: one INSERT, one transaction and so one fsync per request, on the main thread.
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

type Order = Readonly<{ idempotency_key: string; event_type: string }>;

const database = new DatabaseSync(process.env.DB_PATH ?? 'events.db');
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    event_type TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    received_at INTEGER NOT NULL
  );
`);
const insert = database.prepare(
  'INSERT INTO events (idempotency_key, event_type, headers, body, received_at) VALUES (?, ?, ?, ?, ?)' +
    ' ON CONFLICT DO NOTHING',
);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const order = JSON.parse(body.toString()) as Order;
    const headers = JSON.stringify(request.rawHeaders);
    const { changes } = insert.run(order.idempotency_key, order.event_type, headers, body, Date.now());
    const reply = `{"idempotency_key":"${order.idempotency_key}","status":"pending"}`;
    response.writeHead(changes === 1 ? 202 : 200, {
      'content-type': 'application/json',
      'content-length': reply.length,
    });
    response.end(reply);
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1');
