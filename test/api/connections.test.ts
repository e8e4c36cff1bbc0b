import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProblemCode } from '../../src/http/problem.ts';
import type { RawRequest } from '../../src/ingest/raw-request.ts';
import { connectRaw, exchange, rawHead, rawPost } from '../../testkit/raw-http.ts';
import { startReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, eventually, request, startApi, until } from './support.ts';

const JSON_TYPE = 'Content-Type: application/json';
const body = () => JSON.stringify(envelope());

describe('a connection', () => {
  it('serves on after every refusal whose body is not too long to be dropped', async (t) => {
    const { port } = await startReceiver(t);
    using connection = await connectRaw(port);
    const ask = async (...parts: readonly (string | Uint8Array)[]) => {
      connection.send(...parts);
      return connection.answer();
    };
    const refused: readonly (readonly [ProblemCode, Uint8Array | string])[] = [
      ['malformed_json', rawPost('{')],
      ['invalid', rawPost('{}')],
      ['unsupported_media_type', rawPost(body(), { headers: [] })],
      ['unsupported_media_type', rawPost('x'.repeat(60_000), { headers: ['Content-Type: text/plain'] })],
      ['unknown_source', rawPost(body(), { target: '/webhooks/nobody' })],
      ['not_found', rawPost(body(), { target: '/nowhere' })],
      ['method_not_allowed', rawPost(body(), { target: '/health' })],
      ['method_not_allowed', rawHead('DELETE', '/webhooks/x')],
      ['not_found', rawHead('GET', '/webhooks/x')],
      ['invalid', rawHead('GET', '/webhooks')],
      ['bad_request', rawHead('GET', '/webhooks/%zz')],
      ['bad_request', 'GET /health HTTP/1.1\r\n\r\n'],
    ];
    for (const [code, bytes] of refused) {
      const answer = await ask(bytes);
      assertProblem(answer, code);
      assert.notEqual(answer?.header('connection'), 'close');
      assert.equal((await ask(rawPost(body())))?.status, 202);
    }
  });

  it('takes requests without waiting for answers, and answers in their order', async (t) => {
    const { port } = await startReceiver(t);
    using connection = await connectRaw(port);
    const bodies = Array.from({ length: 50 }, () => envelope());
    const requests = bodies.flatMap((members) => [
      rawPost(JSON.stringify(members)),
      rawPost('{', { target: '/webhooks/nobody' }),
      Buffer.from(rawHead('GET', '/health')),
    ]);
    connection.send(Buffer.concat(requests));
    for (const { idempotency_key } of bodies) {
      const accepted = await connection.answer();
      assert.equal(accepted?.status, 202);
      assert.equal((accepted.json() as (typeof bodies)[0]).idempotency_key, idempotency_key);
      assertProblem(await connection.answer(), 'unknown_source');
      assert.deepEqual((await connection.answer())?.json(), { status: 'ok' });
    }
  });

  it('answers what came before garbage first, then refuses the garbage, and ends', async (t) => {
    const { port } = await startReceiver(t);
    for (const count of [1, 3]) {
      using connection = await connectRaw(port);
      const requests = Array.from({ length: count }, () => rawPost(body()));
      connection.send(Buffer.concat([...requests, Buffer.from('garbage\r\n\r\n')]));
      for (let i = 0; i < count; i++) assert.equal((await connection.answer())?.status, 202);
      assertProblem(await connection.answer(), 'bad_request');
      assert.equal(await connection.answer(), null);
    }
  });

  it('answers a sender that has ended its own side', async (t) => {
    const { port } = await startReceiver(t);
    using connection = await connectRaw(port);
    connection.send(rawPost(body()), rawPost('{'));
    connection.end();
    assert.equal((await connection.answer())?.status, 202);
    assertProblem(await connection.answer(), 'malformed_json');
    assert.equal(await connection.answer(), null);
  });

  it('ends when HTTP/1.0 or its client says so', async (t) => {
    const { port } = await startReceiver(t);
    const text = body();
    for (const head of [
      `POST /webhooks HTTP/1.0\r\n${JSON_TYPE}\r\nContent-Length: ${text.length}\r\n\r\n`,
      rawHead('POST', '/webhooks', [JSON_TYPE, 'Connection: close'], text.length),
    ]) {
      using connection = await connectRaw(port);
      connection.send(head, text);
      assert.match(String((await connection.answer())?.status), /^20[02]$/);
      assert.equal(await connection.answer(), null);
    }
  });
});

describe('400: what is not HTTP', () => {
  const head = rawHead('POST', '/webhooks', [JSON_TYPE]).slice(0, -2);
  const cases: Readonly<Record<string, string | Uint8Array>> = {
    'no request line': 'garbage\r\n\r\n',
    'a method that does not exist': rawHead('FETCH', '/webhooks'),
    'a method in lower case': rawHead('post', '/webhooks'),
    'another protocol': 'SSH-2.0-OpenSSH_9.0\r\n',
    'TLS where none is spoken': Buffer.from('1603010200010001fc0303', 'hex'),
    'another version': 'GET /health HTTP/9.9\r\nHost: x\r\n\r\n',
    'HTTP/2 without asking': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'no version': 'GET /health\r\n\r\n',
    'a target with a blank': 'GET /hea lth HTTP/1.1\r\nHost: x\r\n\r\n',
    'a target without a slash': 'GET health HTTP/1.1\r\nHost: x\r\n\r\n',
    'a header without a colon': `${head}X-Broken\r\n\r\n`,
    'a blank before the colon': `${head}X-Broken : 1\r\n\r\n`,
    'an empty header name': `${head}: 1\r\n\r\n`,
    'a NUL in a header': `${head}X-Broken: a\0b\r\n\r\n`,
    'a bare CR in a header': `${head}X-Broken: a\rb\r\n\r\n`,
    'a folded header': `${head}X-Folded: a\r\n b\r\n\r\n`,
    'a length that is no number': `${head}Content-Length: abc\r\n\r\n`,
    'a negative length': `${head}Content-Length: -1\r\n\r\n`,
    'a length beyond all numbers': `${head}Content-Length: 99999999999999999999999\r\n\r\n`,
    'two lengths': `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    'a length and chunks': `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
    'a transfer encoding that does not end in chunks': `${head}Transfer-Encoding: chunked, gzip\r\n\r\n`,
    'a chunk size that is no number': `${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`,
    'a chunk longer than its size': `${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n`,
    'a chunk size beyond all numbers': `${head}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(30)}\r\n`,
    'endless chunk extensions': `${head}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(20_000)}\r\n`,
  };

  for (const [name, bytes] of Object.entries(cases)) {
    it(name, async (t) => {
      const { port } = await startApi(t, {});
      using connection = await connectRaw(port);
      connection.send(bytes);
      const answer = await connection.answer();
      assertProblem(answer, 'bad_request');
      assert.equal(answer?.header('connection'), 'close');
      assert.equal(await connection.answer(), null);
    });
  }

  it('a request that its sender ends in the middle', async (t) => {
    const { port } = await startApi(t, {});
    for (const text of ['GET / HT', head, `${head}Content-Length: 10\r\n\r\n{}`]) {
      using connection = await connectRaw(port);
      connection.send(text);
      connection.end();
      assertProblem(await connection.answer(), 'bad_request');
      assert.equal(await connection.answer(), null);
    }
  });

  it('HTTP/1.1 without a Host; HTTP/1.0 needs none', async (t) => {
    const { port } = await startApi(t, {});
    assertProblem(await exchange(port, 'GET /health HTTP/1.1\r\n\r\n'), 'bad_request');
    assertProblem(await exchange(port, `POST /webhooks HTTP/1.1\r\n${JSON_TYPE}\r\n\r\n`), 'bad_request');
    assert.equal((await exchange(port, 'GET /health HTTP/1.0\r\n\r\n'))?.status, 200);
  });

  it('a tunnel, and a switch of protocols, are not to be had', async (t) => {
    const { port } = await startApi(t, {});
    assertProblem(await exchange(port, rawHead('CONNECT', 'example.com:443')), 'method_not_allowed');
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket'];
    assert.equal((await exchange(port, rawHead('GET', '/health', upgrade)))?.status, 200);
  });
});

describe('a request target in absolute form', () => {
  const targets = (path: string) => [
    `http://127.0.0.1${path}`,
    `HTTP://hooks.example.com:8443${path}`,
    `https://user:password@hooks.example.com${path}`,
  ];

  it('works like origin form', async (t) => {
    const { port } = await startReceiver(t, { sources: { orders: {} } });
    for (const target of [...targets('/webhooks'), ...targets('/webhooks/orders?x=1')]) {
      assert.equal((await exchange(port, rawPost(body(), { target })))?.status, 202, target);
    }
    for (const target of targets('/health')) {
      assert.equal((await exchange(port, rawHead('GET', target)))?.status, 200, target);
    }
    for (const target of ['http://127.0.0.1', 'http://127.0.0.1?x=/webhooks', 'http://127.0.0.1/nowhere']) {
      assertProblem(await exchange(port, rawPost(body(), { target })), 'not_found');
    }
    assertProblem(await exchange(port, rawHead('PUT', 'http://127.0.0.1/health')), 'method_not_allowed');
  });

  it('names the host of the URL that a signature covers', async (t) => {
    const requests: RawRequest[] = [];
    const { port } = await startApi(t, {
      accept: async (_source, request) => {
        requests.push(request);
        return { kind: 'full', bound: 'pending' };
      },
    });
    await exchange(port, rawPost(body(), { target: 'http://hooks.example.com/webhooks?a=b' }));
    const [{ url, headers }] = requests as [RawRequest];
    assert.equal(url, '/webhooks?a=b');
    assert.equal(headers[headers.findIndex((name) => /^host$/i.test(name)) + 1], 'hooks.example.com');
  });
});

describe('what HTTP/1.1 forbids and a lenient parser takes', () => {
  it('several Host headers are 400, equal ones too', async (t) => {
    const { port } = await startApi(t, {});
    for (const [one, other] of [
      ['a', 'b'],
      ['a', 'a'],
    ]) {
      const head = `POST /webhooks HTTP/1.1\r\nHost: ${one}\r\nhOST: ${other}\r\n${JSON_TYPE}\r\nContent-Length: 2\r\n\r\n{}`;
      assertProblem(await exchange(port, head), 'bad_request');
    }
  });

  it('transfer codings besides chunked are 501', async (t) => {
    const { port } = await startApi(t, {});
    const chunks = '2\r\n{}\r\n0\r\n\r\n';
    const post = (...codings: readonly string[]) =>
      exchange(
        port,
        rawHead('POST', '/webhooks', [
          JSON_TYPE,
          ...codings.map((coding) => `Transfer-Encoding: ${coding}`),
        ]) + chunks,
      );
    for (const codings of [['gzip, chunked'], ['identity, chunked'], ['gzip', 'chunked']]) {
      assertProblem(await post(...codings), 'unsupported_transfer_coding');
    }
    for (const coding of ['Chunked', ' chunked ', ', chunked']) {
      assert.notEqual((await post(coding))?.status, 501, coding);
    }
  });
});

describe('an upload that is aborted', () => {
  it('is counted, gives its bytes back, and leaves no connection', async (t) => {
    const budget = { maxBodyBytes: 1000, maxBytesInFlight: 100_000, bytesInFlight: 0 };
    const { port, events, connections } = await startApi(t, { budget });
    const count = 50;
    const uploads = await Promise.all(Array.from({ length: count }, () => connectRaw(port)));
    const chunked = rawHead('POST', '/webhooks', [JSON_TYPE, 'Transfer-Encoding: chunked']);
    for (const [i, upload] of uploads.entries()) {
      if (i % 2 === 0) upload.send(rawHead('POST', '/webhooks', [JSON_TYPE], 1000), 'x'.repeat(100));
      else upload.send(chunked, `64\r\n${'x'.repeat(100)}\r\n`);
    }
    await until(
      () => budget.bytesInFlight === count * 100,
      () => `${budget.bytesInFlight} bytes are in`,
    );
    for (const upload of uploads) upload.destroy();
    await until(
      () => events.length === count,
      () => `${events.length} are counted`,
    );
    const detail = 'The connection ended before the body did.';
    for (const event of events) {
      assert.deepEqual(event, { type: 'event.rejected', source: 'default', reason: 'aborted', detail });
    }
    assert.equal(budget.bytesInFlight, 0);
    await until(
      async () => (await connections()) === 0,
      () => 'connections are left',
    );
  });

  it('leaves no row and does not disturb the receiver', async (t) => {
    const { port, url } = await startReceiver(t);
    const whole = envelope();
    const text = JSON.stringify(whole);
    for (let bytes = 0; bytes < text.length; bytes += 10) {
      const upload = await connectRaw(port);
      upload.send(rawHead('POST', '/webhooks', [JSON_TYPE], text.length), text.slice(0, bytes));
      upload.destroy();
    }
    await eventually(
      () => request(`${url}/metrics`),
      (answer) => /source="default",reason="aborted"\} [1-9]/.test(answer.text),
    );
    const byKey = `${url}/webhooks?idempotency_key=${whole.idempotency_key}`;
    assertProblem(await request(byKey), 'not_found');
    assert.equal((await exchange(port, rawPost(text)))?.status, 202);
  });

  it('that was whole is stored, though nobody waits for the answer', async (t) => {
    const { port, url } = await startReceiver(t);
    const whole = envelope();
    const connection = await connectRaw(port);
    connection.send(rawPost(JSON.stringify(whole)));
    connection.destroy();
    await eventually(
      () => request(`${url}/webhooks?idempotency_key=${whole.idempotency_key}`),
      ({ status }) => status === 200,
    );
  });
});
