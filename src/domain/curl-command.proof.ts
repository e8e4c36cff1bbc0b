import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type CurlRequest, curlCommand } from './curl-command.ts';

const run = promisify(execFile);

type Sent = Readonly<{ method: string; url: string; rawHeaders: readonly string[]; body: Buffer }>;

/** Runs the command in a shell. @returns what arrives */
async function send(request: Omit<CurlRequest, 'url'> & Readonly<{ path: string }>): Promise<Sent> {
  let sent: Sent | null = null;
  const server = createServer(async (incoming: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method, url, rawHeaders } = incoming;
    sent = { method: method!, url: url!, rawHeaders, body: Buffer.concat(chunks) };
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const command = curlCommand({ ...request, url: `http://127.0.0.1:${port}${request.path}` });
    // On its standard input: an argument could not hold every command.
    const running = run('sh');
    running.child.stdin!.end(command);
    await running;
  } finally {
    server.close();
  }
  return sent!;
}

describe('a curl command', () => {
  const plain = { method: 'POST', path: '/', headers: [], body: Buffer.alloc(0) } as const;

  for (const [name, body] of [
    ['a text with quotes, dollars and line breaks', Buffer.from(`{"a":"it's $HOME \`x\` \\n"}\n\n`)],
    ['a text that begins with @', Buffer.from('@/etc/passwd')],
    ['other letters', Buffer.from('Grüße 😀')],
    ['bytes that are no text', Buffer.from([0, 255, 10, 13, 39, 92, 0])],
    ['characters that a terminal obeys', Buffer.from('\u001b[2J\u202eabc')],
    ['nothing', Buffer.alloc(0)],
    ['more than an argument holds', Buffer.alloc(300_000, 'long ')],
    ['one line of base64', Buffer.from([1])],
  ] as const) {
    it(`sends ${name}`, async () => {
      assert.deepEqual((await send({ ...plain, body })).body, body);
    });
  }

  it('sends method, path and headers as they were, without those of a connection', async () => {
    const headers = [
      ['X-A', "it's"],
      ['x-a', '2'],
      ['X-Empty', ''],
      ['X-Latin', 'gr\u00fc\u00dfe \\ %s'],
      ['User-Agent', 'hooks/1'],
      ['Host', 'shop.example'],
      ['Content-Length', '999'],
      ['Connection', 'close'],
    ] as const;
    const path = '/webhooks/shop?a[]=1&b={x}&c=%2e%2e/../d';
    const sent = await send({ ...plain, method: 'PUT', path, headers, body: Buffer.from('x') });
    assert.equal(sent.method, 'PUT');
    assert.equal(sent.url, path);
    const pairs = Array.from({ length: sent.rawHeaders.length / 2 }, (_, i) =>
      sent.rawHeaders.slice(2 * i, 2 * i + 2),
    );
    const own = pairs.filter(([name]) => !/^(?:host|content-length)$/i.test(name!));
    assert.deepEqual(
      own,
      headers.slice(0, 5).map((pair) => [...pair]),
    );
  });

  it('is not a request with a body where there was none', async () => {
    const sent = await send({ ...plain, method: 'GET' });
    assert.equal(sent.method, 'GET');
    assert.ok(!sent.rawHeaders.some((name) => name.toLowerCase() === 'content-length'));
  });
});
