// Takes what OTLP brings until it is ended: `collector.js FILE`. The file gets where it listens, and a line for each export.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [file] = process.argv.slice(2);
// In protobuf a text stands as it is.
const SPANS = ['POST /webhooks/{source}', 'verify', 'insert', 'process'];

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString('latin1');
  const found = SPANS.filter((name) => body.includes(name));
  appendFileSync(file, `${request.url} ${request.headers['content-type']}: ${found.join(', ')}\n`);
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
});
server.listen(0, '127.0.0.1', () => appendFileSync(file, `http://127.0.0.1:${server.address().port}\n`));
