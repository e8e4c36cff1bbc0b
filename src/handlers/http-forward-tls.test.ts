import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { setDefaultCACertificates } from 'node:tls';
import { anEvent } from '../../testkit/builders.ts';
import { contextWith, openForward, SELF_SIGNED } from './testing.ts';

// For this process, which runs this file alone.
setDefaultCACertificates([SELF_SIGNED.slice(SELF_SIGNED.indexOf('-----BEGIN CERT'))]);

test('over TLS, connections are kept, stale ones replaced, and sessions resumed', async () => {
  const lengths: number[] = [];
  const resumed: boolean[] = [];
  const server = createServer({ key: SELF_SIGNED, cert: SELF_SIGNED }, async (request, response) => {
    let length = 0;
    for await (const chunk of request) length += (chunk as Buffer).length;
    lengths.push(length);
    if (lengths.length === 3) request.socket.destroy();
    else response.end('fine');
  });
  server.on('secureConnection', (socket) => resumed.push(socket.isSessionReused()));
  await once(server.listen(0, 'localhost'), 'listening');
  const { port } = server.address() as AddressInfo;
  await using forward = openForward(`https://localhost:${port}/`, {}, { concurrency: 1 });
  for (let sent = 0; sent < 4; sent += 1) {
    const reply = await forward.handle(anEvent({ body: Buffer.alloc(200_000) }), contextWith());
    assert.deepEqual(reply, { httpStatus: 200, responseExcerpt: 'fine' });
  }
  assert.deepEqual(lengths, Array(5).fill(200_000));
  assert.deepEqual(resumed, [false, true]);
  await forward.close();
  await once(server.close(), 'close');
});
