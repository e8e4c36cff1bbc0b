import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { HTTP_LIMITS } from '../../src/http/server.ts';
import type { RawRequest } from '../../src/ingest/raw-request.ts';
import { connectRaw, exchange, rawHead, rawPost } from '../../testkit/raw-http.ts';
import { startReceiver } from '../../testkit/receiver.ts';
import {
  assertProblem,
  envelope,
  eventually,
  request,
  retryAfterOf,
  type Stubs,
  startApi,
  until,
} from './support.ts';

const JSON_TYPE = 'Content-Type: application/json';
const GIBIBYTE = 1024 ** 3;
const RECEIPT = { id: '01890000-0000-7000-8000-000000000000', idempotencyKey: 'k', receivedAtMs: 0 };

/** Accepts whatever arrives, and keeps it. */
function acceptAll() {
  const taken: RawRequest[] = [];
  const accept: NonNullable<Stubs['accept']> = async (_source, request) => {
    taken.push(request);
    const receipt = { ...RECEIPT, status: 'pending' as const };
    return { kind: 'accepted', receipt, eventType: 'x', destinations: ['x'] };
  };
  return { accept, taken };
}

function budgetOf(maxBodyBytes: number, maxBytesInFlight = GIBIBYTE) {
  return { maxBodyBytes, maxBytesInFlight, bytesInFlight: 0 };
}

describe('413: a body longer than MAX_BODY_BYTES', () => {
  const start = async (t: TestContext) => {
    const { accept, taken } = acceptAll();
    const budget = budgetOf(1000);
    return { ...(await startApi(t, { accept, budget })), taken, budget };
  };
  const chunkedHead = rawHead('POST', '/webhooks', [JSON_TYPE, 'Transfer-Encoding: chunked']);
  const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;

  it('is refused by its Content-Length; one byte less is taken', async (t) => {
    const { port, taken, events } = await start(t);
    assertProblem(await exchange(port, rawPost('x'.repeat(1001))), 'too_large');
    assert.equal(taken.length, 0);
    assert.equal((await exchange(port, rawPost('x'.repeat(1000))))?.status, 202);
    assert.equal(taken[0]?.body.length, 1000);
    assert.deepEqual(
      events.map((event) => (event.type === 'event.rejected' ? event.reason : event.type)),
      ['too_large', 'event.accepted'],
    );
  });

  it('is refused where a chunked body crosses the limit; one byte less is taken', async (t) => {
    const { port, taken, budget } = await start(t);
    using connection = await connectRaw(port);
    connection.send(chunkedHead, chunk(600), chunk(400));
    connection.send(chunk(1));
    assertProblem(await connection.answer(), 'too_large');
    await connection.ended;
    const answer = await exchange(port, chunkedHead, chunk(600), chunk(400), '0\r\n\r\n');
    assert.equal(answer?.status, 202);
    assert.deepEqual([taken.length, budget.bytesInFlight], [1, 0]);
  });

  it('is refused before it is sent when its sender waits for 100 Continue', async (t) => {
    const { port } = await start(t);
    using connection = await connectRaw(port);
    connection.send(rawHead('POST', '/webhooks', [JSON_TYPE, 'Expect: 100-continue'], 1001));
    const answer = await connection.answer();
    assertProblem(answer, 'too_large');
    assert.equal(answer?.header('connection'), 'close');
    await connection.ended;
  });

  it('of 1 GiB is refused after the head alone, and the connection ends', async (t) => {
    const { port } = await start(t);
    using connection = await connectRaw(port);
    connection.send(rawHead('POST', '/webhooks', [JSON_TYPE], GIBIBYTE));
    assertProblem(await connection.answer(), 'too_large');
    await connection.ended;
  });

  it('is not read: a sender that goes on sending can still read its answer', async (t) => {
    const { port, budget } = await start(t);
    for (const head of [rawHead('POST', '/webhooks', [JSON_TYPE], GIBIBYTE), chunkedHead]) {
      using connection = await connectRaw(port);
      connection.send(head);
      const piece = head === chunkedHead ? chunk(65_536) : 'x'.repeat(65_536);
      for (let i = 0; i < 64; i++) connection.send(piece);
      assertProblem(await connection.answer(), 'too_large');
      await connection.ended;
      assert.equal(budget.bytesInFlight, 0);
    }
  });

  it('is longer at providers that send more, unless MAX_BODY_BYTES or the source says less', async (t) => {
    const sources = {
      github: { provider: 'github', secret: 'right' },
      short: { provider: 'github', secret: 'right', maxBodyBytes: 1000 },
      stripe: { provider: 'stripe', secret: 'right' },
    } as const;
    const statusAt = async (port: number, source: string, bytes: number) =>
      (await exchange(port, rawPost('x'.repeat(bytes), { target: `/webhooks/${source}` })))?.status;
    const { port } = await startReceiver(t, { sources });
    assert.equal(await statusAt(port, 'github', 6 * 1024 * 1024), 401);
    assert.equal(await statusAt(port, 'github', 25 * 1024 * 1024 + 1), 413);
    assert.equal(await statusAt(port, 'stripe', 5 * 1024 * 1024 + 1), 413);
    assert.equal(await statusAt(port, 'short', 1001), 413);
    const capped = await startReceiver(t, { sources, env: { MAX_BODY_BYTES: '2000' } });
    assert.equal(await statusAt(capped.port, 'github', 2001), 413);
    assert.equal(await statusAt(capped.port, 'github', 2000), 401);
    assert.equal(await statusAt(capped.port, 'short', 1001), 413);
  });

  it('is kept as rejected with its length and its first 4 KiB', async (t) => {
    const token = 'a-token-of-sixteen-or-more';
    const { port, url } = await startReceiver(t, {
      sources: { s: { provider: 'github', secret: 'right', maxBodyBytes: 10_000 } },
      env: { ADMIN_TOKEN: token },
    });
    const admin = (path: string, method = 'GET') =>
      request(`${url}/admin/rejected${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    const head = ['X-Kept: yes', JSON_TYPE];
    const body = 'ab'.repeat(10_000);
    await exchange(port, rawPost(body, { target: '/webhooks/s?x=1', headers: head }));
    const chunked = rawHead('POST', '/webhooks/s', [...head, 'Transfer-Encoding: chunked']);
    await exchange(port, chunked, `4e20\r\n${body}\r\n0\r\n\r\n`);
    const { json } = await eventually(
      () => admin(''),
      (answer) => (answer.json.rejected as unknown[]).length === 2,
    );
    for (const { id } of json.rejected as { id: string }[]) {
      const kept = (await admin(`/${id}`)).json;
      assert.equal(kept.reason, 'too_large');
      assert.match(String(kept.url), /^\/webhooks\/s/);
      assert.ok(
        (kept.headers as [string, string][]).some(([name, value]) => name === 'X-Kept' && value === 'yes'),
      );
      assert.equal(kept.body, body.slice(0, 4096));
      assert.ok(Number(kept.body_bytes) > 10_000);
      const again = await admin(`/${id}/reverify`, 'POST');
      assert.equal(again.json.outcome, 'rejected', 'a part of a body is not verified');
    }
  });

  it('goes for a receiver as a whole too, and nothing is stored', async (t) => {
    const { port } = await startReceiver(t, { env: { MAX_BODY_BYTES: '2000' } });
    const body = envelope({ payload: { text: 'x'.repeat(2000) } });
    const { detail } = assertProblem(await exchange(port, rawPost(JSON.stringify(body))), 'too_large');
    assert.match(detail, /\b2000\b.*MAX_BODY_BYTES/);
    const path = `/webhooks?idempotency_key=${body.idempotency_key}`;
    assertProblem(await exchange(port, rawHead('GET', path)), 'not_found');
    const text = JSON.stringify({ ...body, payload: {} });
    const exact = text.replace('{}', `{"x":"${'x'.repeat(2000 - text.length - 6)}"}`);
    assert.equal(exact.length, 2000);
    assert.equal((await exchange(port, rawPost(exact)))?.status, 202);
    // What is not for ingest is not read at any size.
    const put = await exchange(port, rawHead('PUT', '/webhooks', [JSON_TYPE], GIBIBYTE), 'x'.repeat(100_000));
    assertProblem(put, 'method_not_allowed');
  });

  it('a default of 5 MiB takes 5 MiB', async (t) => {
    const { port } = await startReceiver(t);
    const text = JSON.stringify(envelope());
    const limit = 5 * 1024 * 1024;
    assert.equal((await exchange(port, rawPost(text.padEnd(limit))))?.status, 202);
    assertProblem(await exchange(port, rawPost(text.padEnd(limit + 1))), 'too_large');
  });
});

describe('Expect: 100-continue', () => {
  it('is granted to what may come', async (t) => {
    const { accept, taken } = acceptAll();
    const { port } = await startApi(t, { accept });
    using connection = await connectRaw(port);
    connection.send(rawHead('POST', '/webhooks', [JSON_TYPE, 'Expect: 100-Continue'], 2));
    assert.equal((await connection.answer())?.status, 100);
    connection.send('{}');
    assert.equal((await connection.answer())?.status, 202);
    assert.equal(taken.length, 1);
    connection.send(rawPost('{}'));
    assert.equal((await connection.answer())?.status, 202);
  });

  it('is refused along with its request, for each reason that the head gives', async (t) => {
    let isOpen = true;
    const { port } = await startApi(t, { isOpen: () => isOpen });
    const expect = 'Expect: 100-continue';
    const ask = (target: string, ...headers: string[]) =>
      exchange(port, rawHead('POST', target, [...headers, expect], 10));
    assertProblem(await ask('/webhooks/nobody', JSON_TYPE), 'unknown_source');
    assertProblem(await ask('/webhooks', 'Content-Type: text/plain'), 'unsupported_media_type');
    assertProblem(await ask('/nowhere', JSON_TYPE), 'not_found');
    assertProblem(await ask('/health', JSON_TYPE), 'method_not_allowed');
    isOpen = false;
    assertProblem(await ask('/webhooks', JSON_TYPE), 'shutting_down');
  });

  it('any other expectation is passed over, and so is one in HTTP/1.0', async (t) => {
    const { accept } = acceptAll();
    const { port } = await startApi(t, { accept });
    const headers = [JSON_TYPE, 'Expect: 200-ok'];
    assert.equal((await exchange(port, rawPost('{}', { headers })))?.status, 202);
    const head = `POST /webhooks HTTP/1.0\r\n${JSON_TYPE}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`;
    assert.equal((await exchange(port, head, '{}'))?.status, 202);
  });
});

describe('431: headers longer than their limit', () => {
  const limit = HTTP_LIMITS.maxHeaderBytes;

  it('are refused, as is so long a target', async (t) => {
    const { port } = await startApi(t, {});
    const long = 'x'.repeat(limit);
    const heads = [
      rawHead('POST', '/webhooks', [JSON_TYPE, `X-Long: ${long}`], 2),
      rawHead('POST', '/webhooks', [JSON_TYPE, `X-${long}: 1`], 2),
      rawHead('GET', `/webhooks/${long}`),
      rawHead('GET', '/health', Array(2000).fill('X-Many: 12345')),
    ];
    for (const head of heads) {
      using connection = await connectRaw(port);
      connection.send(head);
      const answer = await connection.answer();
      const { detail } = assertProblem(answer, 'headers_too_large');
      assert.match(detail, /\b16384\b/);
      assert.equal(answer?.header('connection'), 'close');
      await connection.ended;
    }
  });

  it('are refused on a connection that has served requests too', async (t) => {
    const { port } = await startApi(t, {});
    using connection = await connectRaw(port);
    connection.send(rawHead('GET', '/health'));
    assert.equal((await connection.answer())?.status, 200);
    connection.send(rawHead('GET', '/health', [`X-Long: ${'x'.repeat(limit)}`]));
    assertProblem(await connection.answer(), 'headers_too_large');
    await connection.ended;
  });

  it('within it are all kept, however many', async (t) => {
    const { accept, taken } = acceptAll();
    const { port } = await startApi(t, { accept });
    const many = Array.from({ length: 2000 }, (_, i) => `a:${i}`);
    const answer = await exchange(port, rawPost('{}', { headers: [JSON_TYPE, ...many] }));
    assert.equal(answer?.status, 202);
    assert.equal(taken[0]?.headers.filter((name) => name === 'a').length, 2000);
  });
});

describe('408: a request that takes too long to arrive', () => {
  const limits = { headersTimeoutMs: 60, requestTimeoutMs: 120, timeoutCheckMs: 20 };

  it('in its head', async (t) => {
    const { port } = await startApi(t, { limits });
    for (const head of ['P', 'POST /webhooks HTTP/1.1\r\nHost: x\r\n', rawHead('GET', '/').slice(0, -2)]) {
      using connection = await connectRaw(port);
      connection.send(head);
      const answer = await connection.answer();
      assertProblem(answer, 'request_timeout');
      assert.equal(answer?.header('connection'), 'close');
      await connection.ended;
    }
  });

  it('in its body, which is given back to the budget', async (t) => {
    const budget = budgetOf(1000);
    const { port, events } = await startApi(t, { limits, budget });
    using connection = await connectRaw(port);
    connection.send(rawHead('POST', '/webhooks', [JSON_TYPE], 100), '{"half": ');
    assertProblem(await connection.answer(), 'request_timeout');
    await connection.ended;
    await until(
      () => events.length > 0,
      () => 'the rejection is told',
    );
    assert.deepEqual(
      events.map((event) => event.type === 'event.rejected' && event.reason),
      ['aborted'],
    );
    assert.equal(budget.bytesInFlight, 0);
  });

  it('in its body after 100 Continue, and where it was to be refused', async (t) => {
    const { port } = await startApi(t, { limits });
    using granted = await connectRaw(port);
    granted.send(rawHead('POST', '/webhooks', [JSON_TYPE, 'Expect: 100-continue'], 100));
    assert.equal((await granted.answer())?.status, 100);
    assertProblem(await granted.answer(), 'request_timeout');
    using refused = await connectRaw(port);
    refused.send(rawHead('POST', '/webhooks/nobody', [JSON_TYPE], 100), '{"half": ');
    assertProblem(await refused.answer(), 'request_timeout');
    await refused.ended;
  });

  it('on a connection that has served requests', async (t) => {
    const { accept } = acceptAll();
    const { port } = await startApi(t, { accept, limits });
    using connection = await connectRaw(port);
    connection.send(rawPost('{}'));
    assert.equal((await connection.answer())?.status, 202);
    connection.send('POST /webhooks HT');
    assertProblem(await connection.answer(), 'request_timeout');
    await connection.ended;
  });

  it('does not interrupt a request that has arrived and is being stored', async (t) => {
    const stored = Promise.withResolvers<void>();
    const { accept, taken } = acceptAll();
    const slow: typeof accept = async (...args) => {
      await stored.promise;
      return accept(...args);
    };
    const { port } = await startApi(t, { accept: slow, limits });
    using connection = await connectRaw(port);
    connection.send(rawPost('{}'));
    using other = await connectRaw(port);
    other.send(rawPost('{"half": ').subarray(0, -2));
    // This one came later, and its time is over.
    assertProblem(await other.answer(), 'request_timeout');
    stored.resolve();
    assert.equal((await connection.answer())?.status, 202);
    assert.equal(taken.length, 1);
  });

  it('ends a connection that was opened and not used without an answer', async (t) => {
    const { port } = await startApi(t, { limits });
    using connection = await connectRaw(port);
    assert.equal(await connection.answer(), null);
  });

  it('a client that reads no answer loses its connection', async (t) => {
    const { port, connections } = await startApi(t, { limits: { ...limits, idleTimeoutMs: 100 } });
    using connection = await connectRaw(port);
    connection.pause();
    connection.send(rawHead('GET', '/docs/static/swagger-ui-bundle.js').repeat(40));
    await until(
      async () => (await connections()) === 1,
      () => 'the connection is there',
    );
    await until(
      async () => (await connections()) === 0,
      () => 'the connection is cut',
    );
  });
});

describe('the budget of body bytes in memory', () => {
  it('refuses with 503 what would exceed it, and takes it once there is room', async (t) => {
    const { accept, taken } = acceptAll();
    const stored = Promise.withResolvers<void>();
    const slow: typeof accept = async (...args) => {
      const outcome = await accept(...args);
      await stored.promise;
      return outcome;
    };
    const budget = budgetOf(1000, 1500);
    const { port, events } = await startApi(t, { accept: slow, budget });
    using first = await connectRaw(port);
    first.send(rawPost('x'.repeat(1000)));
    await until(
      () => taken.length === 1,
      () => 'the first is being stored',
    );
    assert.equal(budget.bytesInFlight, 1000);

    using second = await connectRaw(port);
    second.send(rawPost('x'.repeat(501)));
    const refusal = await second.answer();
    assertProblem(refusal, 'overloaded');
    assert.ok(retryAfterOf(refusal!) <= 5);
    assert.equal(budget.bytesInFlight, 1000);
    assert.deepEqual(
      events.map((event) => event.type === 'event.rejected' && event.reason),
      ['overloaded'],
    );

    stored.resolve();
    assert.equal((await first.answer())?.status, 202);
    assert.equal(budget.bytesInFlight, 0);
    second.send(rawPost('x'.repeat(501)));
    assert.equal((await second.answer())?.status, 202);
    assert.equal(budget.bytesInFlight, 0);
  });

  it('counts bodies that are only half here, over all connections', async (t) => {
    const budget = budgetOf(1000, 1500);
    const { port, events } = await startApi(t, { budget });
    const halves = await Promise.all(Array.from({ length: 3 }, () => connectRaw(port)));
    for (const [i, half] of halves.entries()) {
      half.send(rawHead('POST', '/webhooks', [JSON_TYPE], 900), 'x'.repeat(500));
      await until(
        () => budget.bytesInFlight === (i + 1) * 500,
        () => `${i + 1} halves are here`,
      );
    }
    halves[2]?.send('x'.repeat(400));
    assertProblem((await halves[2]?.answer()) ?? null, 'overloaded');
    assert.equal(budget.bytesInFlight, 1000);
    for (const half of halves) half.destroy();
    await until(
      () => budget.bytesInFlight === 0,
      () => 'all bytes are given back',
    );
    await until(
      () => events.length === 3,
      () => 'all refusals are told',
    );
  });

  it('is given back whatever becomes of a request', async (t) => {
    const outcomes: NonNullable<Stubs['accept']>[] = [
      acceptAll().accept,
      async () => ({
        ...{ kind: 'duplicate', receipt: { ...RECEIPT, status: 'failed' }, conflict: false },
        ...{ by: 'key', key: 'k' },
      }),
      async () => ({ kind: 'malformed_json', detail: 'x' }),
      async () => ({ kind: 'invalid', fields: [] }),
      async () => ({ kind: 'full', bound: 'pending' }),
      () => Promise.reject(new Error('x')),
    ];
    let turn = 0;
    const budget = budgetOf(1000);
    const { port } = await startApi(t, { accept: (...args) => outcomes[turn++]!(...args), budget });
    for (const status of [202, 200, 400, 422, 429, 503]) {
      assert.equal((await exchange(port, rawPost('x'.repeat(500))))?.status, status);
      assert.equal(budget.bytesInFlight, 0);
    }
  });
});
