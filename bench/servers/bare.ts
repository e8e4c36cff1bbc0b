// What the receiver is compared with: node:http that parses the JSON and answers. Nothing is kept.
import { createServer } from 'node:http';

type Order = Readonly<{ idempotency_key: string }>;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const order = JSON.parse(Buffer.concat(chunks).toString()) as Order;
    const reply = `{"idempotency_key":"${order.idempotency_key}","status":"pending"}`;
    response.writeHead(202, { 'content-type': 'application/json', 'content-length': reply.length });
    response.end(reply);
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1');
