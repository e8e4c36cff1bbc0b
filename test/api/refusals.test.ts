import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { StoreError } from '../../src/domain/errors.ts';
import type { UserHandler } from '../../src/index.ts';
import { connectRaw, rawHead, rawPost } from '../../testkit/raw-http.ts';
import { startReceiver } from '../../testkit/receiver.ts';
import { tempDir } from '../../testkit/temp-dir.ts';
import {
  assertProblem,
  envelope,
  eventually,
  newKey,
  post,
  request,
  retryAfterOf,
  startApi,
  statusOf,
  until,
} from './support.ts';

/** A handler that waits until it is let go, or told to stop. */
function gatedHandler() {
  const gate = Promise.withResolvers<void>();
  const handler: UserHandler = (_event, { signal }) => {
    signal.addEventListener('abort', () => gate.resolve(), { once: true });
    return gate.promise;
  };
  return { handler, open: () => gate.resolve() };
}

describe('429: the queue is full', () => {
  /** One event at work, two pending, and no room for a third. */
  const startFull = async (t: TestContext) => {
    const { handler, open } = gatedHandler();
    const { url } = await startReceiver(t, {
      env: { QUEUE_MAXSIZE: '2', WORKER_COUNT: '1' },
      destinations: { slow: { handler, events: ['order.*'] } },
    });
    const webhooks = `${url}/webhooks`;
    const atWork = envelope();
    const { id } = (await post(webhooks, atWork)).json;
    await statusOf(url, id, 'processing');
    const pending = [envelope(), envelope()];
    for (const body of pending) assert.equal((await post(webhooks, body)).status, 202);
    return { url, webhooks, atWork, pending, open };
  };

  it('refuses a new key with Retry-After, and nothing is written', async (t) => {
    const { url, webhooks } = await startFull(t);
    const body = envelope();
    const answer = await post(webhooks, body);
    assertProblem(answer, 'queue_full');
    assert.ok(retryAfterOf(answer) <= 60);
    assertProblem(await request(`${webhooks}?idempotency_key=${body.idempotency_key}`), 'not_found');
    const { text } = await request(`${url}/metrics`);
    assert.match(text, /^webhook_queue_depth 2$/m);
    assert.match(text, /^webhook_events_total\{result="rejected",source="default",reason="queue_full"\} 1$/m);
  });

  it('answers a known key 200 all the same, and a conflict too', async (t) => {
    const { webhooks, atWork, pending } = await startFull(t);
    assert.equal((await post(webhooks, atWork)).json.status, 'processing');
    for (const body of pending) {
      const again = await post(webhooks, body);
      assert.deepEqual([again.status, again.json.status], [200, 'pending']);
      assert.equal((await post(webhooks, { ...body, payload: {} })).status, 200);
    }
  });

  it('takes an event that no destination wants: it does not queue', async (t) => {
    const { webhooks } = await startFull(t);
    const answer = await post(webhooks, envelope({ event_type: 'parcel.lost' }));
    assert.deepEqual([answer.status, answer.json.status], [202, 'completed']);
  });

  it('takes the refused event once there is room', async (t) => {
    const { url, webhooks, open } = await startFull(t);
    const body = envelope();
    assertProblem(await post(webhooks, body), 'queue_full');
    open();
    const taken = await eventually(
      () => post(webhooks, body),
      ({ status }) => status !== 429,
    );
    assert.equal(taken.status, 202);
    await statusOf(url, taken.json.id, 'completed');
  });

  it('is decided for each of many that come at once', async (t) => {
    const { handler } = gatedHandler();
    const { webhooks, url } = await (async () => {
      const receiver = await startReceiver(t, {
        env: { QUEUE_MAXSIZE: '10', WORKER_COUNT: '1' },
        destinations: { slow: { handler } },
      });
      return { url: receiver.url, webhooks: `${receiver.url}/webhooks` };
    })();
    const first = await post(webhooks, envelope());
    await statusOf(url, first.json.id, 'processing');
    const bodies = Array.from({ length: 50 }, () => envelope());
    const answers = await Promise.all(bodies.map((body) => post(webhooks, body)));
    const statuses = Map.groupBy(answers, ({ status }) => status);
    assert.deepEqual([statuses.get(202)?.length, statuses.get(429)?.length], [10, 40]);
    for (const [i, body] of bodies.entries()) {
      const { status } = await request(`${webhooks}?idempotency_key=${body.idempotency_key}`);
      assert.equal(status, answers[i]?.status === 202 ? 200 : 404);
    }
  });
});

describe('503: the receiver is shutting down', () => {
  const startDraining = async (t: TestContext) => {
    const { handler, open } = gatedHandler();
    const dbPath = `${await tempDir(t)}/events.db`;
    const receiver = await startReceiver(t, {
      env: { SHUTDOWN_GRACE: '30', DB_PATH: dbPath },
      destinations: { slow: { handler } },
    });
    const { url } = receiver;
    const atWork = envelope();
    const { id } = (await post(`${url}/webhooks`, atWork)).json;
    await statusOf(url, id, 'processing');
    const stopped = receiver.stop();
    // The stop itself begins within this pass of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    t.after(async () => open());
    return { ...receiver, webhooks: `${url}/webhooks`, atWork, id, stopped, open, dbPath };
  };

  it('events are refused with Retry-After on a connection that ends', async (t) => {
    const { webhooks, open, stopped } = await startDraining(t);
    for (const body of [envelope(), '{', 'x'.repeat(200_000)]) {
      const answer = await post(webhooks, body);
      assertProblem(answer, 'shutting_down');
      assert.ok(retryAfterOf(answer) <= 60);
      assert.equal(answer.header('connection'), 'close');
    }
    open();
    await stopped;
  });

  it('is not ready, but lives, and tells how far events are', async (t) => {
    const { url, id, open, stopped } = await startDraining(t);
    const ready = await request(`${url}/ready`);
    assert.deepEqual([ready.status, ready.json], [503, { status: 'stopping' }]);
    assert.deepEqual((await request(`${url}/health`)).json, { status: 'ok' });
    assert.equal((await request(`${url}/webhooks/${id}`)).json.status, 'processing');
    assert.match((await request(`${url}/metrics`)).text, /^webhook_ready 0$/m);
    open();
    await stopped;
  });

  it('work at hand is finished, and of what was refused nothing is there at the next start', async (t) => {
    const { webhooks, atWork, id, open, stopped, dbPath } = await startDraining(t);
    const refused = envelope();
    assertProblem(await post(webhooks, refused), 'shutting_down');
    open();
    await stopped;
    await assert.rejects(request(webhooks), /fetch failed/);

    const next = await startReceiver(t, { env: { DB_PATH: dbPath } });
    const known = await post(`${next.url}/webhooks`, atWork);
    assert.deepEqual([known.status, known.json.id, known.json.status], [200, id, 'completed']);
    const now = await post(`${next.url}/webhooks`, refused);
    assert.equal(now.status, 202);
  });

  it('clients that keep connections open do not hold up the end', async (t) => {
    const { port, stop } = await startReceiver(t);
    using idle = await connectRaw(port);
    idle.send(rawHead('GET', '/health'));
    assert.equal((await idle.answer())?.status, 200);
    using unused = await connectRaw(port);
    await stop();
    await Promise.all([idle.ended, unused.ended]);
  });

  it('a request that goes on arriving is given a while, and then cut', async (t) => {
    const { port, close } = await startApi(t, { limits: { closeGraceMs: 50 } });
    using half = await connectRaw(port);
    half.send(rawHead('POST', '/webhooks', ['Content-Type: application/json'], 100), '{"half": ');
    half.send(rawHead('GET', '/health').slice(0, 5));
    // An answer on another connection says that the first one's bytes are in.
    using other = await connectRaw(port);
    other.send(rawHead('GET', '/health'));
    await other.answer();
    await close();
    assert.equal(await half.answer(), null);
  });

  it('a question on a connection that was busy at the close is answered', async (t) => {
    const arrived = Promise.withResolvers<void>();
    const stored = Promise.withResolvers<void>();
    const { port, close, isListening } = await startApi(t, {
      limits: { closeGraceMs: 10_000 },
      accept: async () => {
        arrived.resolve();
        await stored.promise;
        return { kind: 'full', bound: 'pending' };
      },
    });
    using connection = await connectRaw(port);
    connection.send(rawPost('{}'));
    await arrived.promise;
    const closed = close();
    await until(
      () => !isListening(),
      () => 'it goes on listening',
    );
    stored.resolve();
    assertProblem(await connection.answer(), 'queue_full');
    connection.send(rawHead('GET', '/health'));
    const answer = await connection.answer();
    assert.deepEqual([answer?.status, answer?.header('connection')], [200, 'close']);
    await connection.ended;
    await closed;
  });

  it('an event that is being stored is answered 202 before the connection ends', async (t) => {
    let isOpen = true;
    const arrived = Promise.withResolvers<void>();
    const stored = Promise.withResolvers<void>();
    const receipt = { id: 'x', idempotencyKey: newKey(), status: 'pending' as const, receivedAtMs: 0 };
    const { port, close } = await startApi(t, {
      isOpen: () => isOpen,
      limits: { closeGraceMs: 10_000 },
      accept: async () => {
        arrived.resolve();
        await stored.promise;
        return { kind: 'accepted', receipt, eventType: 'x', destinations: ['x'] };
      },
    });
    using connection = await connectRaw(port);
    connection.send(rawPost('{}'));
    await arrived.promise;
    isOpen = false;
    const closed = close();
    stored.resolve();
    const answer = await connection.answer();
    assert.deepEqual([answer?.status, answer?.header('connection')], [202, 'close']);
    await connection.ended;
    await closed;
  });
});

describe('503: the store fails', () => {
  const failing = (error: Error) => () => Promise.reject(error);

  it('an event is refused with Retry-After, never with a 4xx that a provider gives up on', async (t) => {
    const error = new StoreError('STORE_FULL', 'database or disk is full');
    const { url, events } = await startApi(t, { accept: failing(error) });
    const answer = await post(`${url}/webhooks`, envelope());
    const { detail } = assertProblem(answer, 'store_error');
    assert.match(detail, /^The store failed, and the event may not be stored: database or disk is full/);
    assert.ok(retryAfterOf(answer) <= 60);
    assert.deepEqual(events, [
      { type: 'store.failed', operation: 'insert', error },
      { type: 'event.rejected', source: 'default', reason: 'store_error', detail },
    ]);
  });

  it('so is one that something unforeseen happens to, of which the answer tells nothing', async (t) => {
    const error = new TypeError('hunter2 is not a function');
    const { url, events } = await startApi(t, { accept: failing(error) });
    const answer = await post(`${url}/webhooks`, envelope());
    assertProblem(answer, 'store_error');
    assert.doesNotMatch(answer.text, /hunter2/);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['store.failed', 'event.rejected'],
    );
  });

  it('while stopping it is said to be the stop', async (t) => {
    let isOpen = true;
    const { url } = await startApi(t, {
      isOpen: () => isOpen,
      accept: () => {
        isOpen = false;
        return Promise.reject(new StoreError('STORE_CLOSED', 'the store is closed'));
      },
    });
    const answer = await post(`${url}/webhooks`, envelope());
    assertProblem(answer, 'shutting_down');
    retryAfterOf(answer);
  });

  it('questions are answered 503, and told', async (t) => {
    const error = new StoreError('STORE_IO', 'disk I/O error');
    const store = { eventById: failing(error), eventByKey: failing(error) };
    const { url, events } = await startApi(t, { store });
    for (const path of ['/01890000-0000-7000-8000-000000000000', '?idempotency_key=x']) {
      const answer = await request(`${url}/webhooks${path}`);
      assertProblem(answer, 'store_error');
      retryAfterOf(answer);
    }
    const told = { type: 'store.failed', operation: 'browse', error };
    assert.deepEqual(events, [told, told]);
  });

  it('what nobody foresaw is answered 500 without a word of it', async (t) => {
    const error = new TypeError('hunter2 is not a function');
    const { url, events } = await startApi(t, { store: { eventByKey: failing(error) } });
    const answer = await request(`${url}/webhooks?idempotency_key=x`);
    assertProblem(answer, 'internal');
    assert.doesNotMatch(answer.text, /hunter2/);
    assert.equal(events[0]?.type, 'receiver.failed');
  });
});
