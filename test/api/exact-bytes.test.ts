import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { HandlerEvent } from '../../src/index.ts';
import { exchange, rawHead } from '../../testkit/raw-http.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { envelope, newKey } from './support.ts';

describe('a request reaches the handler as it came', () => {
  let receiver: TestReceiver;
  const waiting = new Map<string, (event: HandlerEvent) => void>();
  const suite = suiteCleanup();
  before(async () => {
    const handler = (event: HandlerEvent) => waiting.get(event.idempotencyKey)?.(event);
    receiver = await startReceiver(suite, {
      sources: { orders: {} },
      destinations: { probe: { handler } },
    });
  });

  /** Sends the bytes, and resolves with what the handler is given. */
  const handledFrom = async (key: string, ...parts: readonly (string | Uint8Array)[]) => {
    const handled = new Promise<HandlerEvent>((resolve) => waiting.set(key, resolve));
    const answer = await exchange(receiver.port, ...parts);
    assert.ok(answer?.status === 202, answer?.text() ?? 'no answer');
    const event = await handled;
    assert.equal(event.id, (answer.json() as { id: string }).id);
    assert.ok(event.receivedAtMs > 0);
    return event;
  };

  it('its body, byte for byte', async () => {
    const key = newKey();
    const body = Buffer.from(
      `\r\n\t{"payload" : {"b":1.0, "a":1e2, "a":"\\u00e9é😀\\/", "n":12345678901234567890},"event_type":"x",
      "idempotency_key":"${key}" }\r\n\r\n`,
    );
    const head = rawHead('POST', '/webhooks', ['Content-Type: application/json'], body.length);
    const event = await handledFrom(key, head, body);
    assert.deepEqual(Buffer.from(event.body), body);
  });

  it('a body of several megabytes, in pieces of any size', async () => {
    const key = newKey();
    const text = '0123456789abcdef'.repeat(200_000);
    const body = Buffer.from(JSON.stringify(envelope({ idempotency_key: key, payload: { text } })));
    const head = rawHead('POST', '/webhooks', ['Content-Type: application/json'], body.length);
    const pieces = [1, 2, 3, 1000, 70_000, 300_001].map((end, i, ends) =>
      body.subarray(ends[i - 1] ?? 0, end),
    );
    const event = await handledFrom(key, head, ...pieces, body.subarray(300_001));
    assert.ok(Buffer.from(event.body).equals(body));
  });

  it('a chunked body, without its framing', async () => {
    const key = newKey();
    const body = JSON.stringify(envelope({ idempotency_key: key }));
    const chunks = [...body].map((letter, i) => `1;name=${i}\r\n${letter}\r\n`);
    const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked', 'Trailer: X-Sum'];
    const head = rawHead('POST', '/webhooks', headers);
    const event = await handledFrom(key, head, ...chunks, '0\r\nX-Sum: 1\r\n\r\n');
    assert.equal(Buffer.from(event.body).toString(), body);
  });

  it('its headers: order, casing, repeats and bytes', async () => {
    const key = newKey();
    const body = Buffer.from(JSON.stringify(envelope({ idempotency_key: key })));
    const lines = [
      'x-Signature: t=1,v1=abc',
      'CONTENT-type: application/json; charset=utf-8',
      'Set-Cookie: a=1',
      'X-Repeated: 1',
      'x-repeated: 2',
      'X-REPEATED: 1',
      'User-Agent: Tester/1.0 (+https://example.com)',
      'Authorization: Bearer hunter2',
      'x-empty:',
      'x-inner:  two  blanks  within ',
      'x-bytes: caf\xc3\xa9 \xff',
      "x-odd!#$%&'*+-.^_`|~: yes",
      '__proto__: polluted',
    ];
    const event = await handledFrom(key, rawHead('POST', '/webhooks', lines, body.length), body);
    const expected = [
      ...['Host', 'receiver.test'],
      ...lines.flatMap((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      }),
      ...['Content-Length', String(body.length)],
    ];
    assert.deepEqual(event.headers, expected);
    assert.equal(event.contentType, 'application/json; charset=utf-8');
  });

  it('its method and its target with the query as it was written', async () => {
    for (const [target, source] of [
      ['/webhooks', 'default'],
      ['/webhooks/orders?b=2&a=1&a=%20+&%C3%A9=%c3%a9', 'orders'],
      ['/webhooks/orders?', 'orders'],
      ['/webhooks?q="<>\\^`{|}', 'default'],
    ] as const) {
      const key = newKey();
      const body = JSON.stringify(envelope({ idempotency_key: key }));
      const head = rawHead('POST', target, ['Content-Type: application/json'], body.length);
      const event = await handledFrom(key, head, body);
      assert.deepEqual([event.method, event.url, event.source], ['POST', target, source]);
    }
  });

  it('its key, type and payload as they were meant', async () => {
    const key = `${newKey()}-\u0001\t😀"\\`;
    const body = envelope({ idempotency_key: key, event_type: 'ordre.créé', payload: { a: [1, null] } });
    const text = JSON.stringify(body);
    const bytes = Buffer.byteLength(text);
    const head = rawHead('POST', '/webhooks', ['Content-Type: application/json'], bytes);
    const event = await handledFrom(key, head, Buffer.from(text));
    assert.deepEqual(
      [event.idempotencyKey, event.eventType, event.payload],
      [key, 'ordre.créé', { a: [1, null] }],
    );
  });

  it('of a key that comes again the first bytes stay', async () => {
    const key = newKey();
    const [first, second] = [1, 2].map((order) =>
      JSON.stringify(envelope({ idempotency_key: key, payload: { order } })),
    );
    const head = rawHead('POST', '/webhooks', ['Content-Type: application/json'], first!.length);
    const event = await handledFrom(key, head, first!);
    assert.equal((await exchange(receiver.port, head, second!))?.status, 200);
    assert.equal(Buffer.from(event.body).toString(), first);
  });
});
