import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PermanentError } from '../../src/domain/errors.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { type Answer, assertProblem, envelope, eventually, post, request, statusOf } from './support.ts';

const TOKEN = 'correct-horse-battery-staple';
const UNKNOWN_ID = '01890000-0000-7000-8000-000000000001';
const RFC3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

type Delivery = Readonly<Record<string, unknown>> & Readonly<{ id: string }>;

describe('the admin surface', () => {
  let receiver: TestReceiver;
  /** What the handlers do with an order. */
  let isBroken = true;
  const suite = suiteCleanup();
  before(async () => {
    const gate = Promise.withResolvers<void>();
    receiver = await startReceiver(suite, {
      env: { ADMIN_TOKEN: TOKEN, QUEUE_MAXSIZE: '2', WORKER_COUNT: '2' },
      destinations: {
        billing: {
          events: ['order.*'],
          handler: () => {
            if (isBroken) throw new PermanentError('no such order');
          },
        },
        slow: {
          events: ['slow.*'],
          concurrency: 1,
          handler: (_event, { signal }) => {
            signal.addEventListener('abort', () => gate.resolve());
            return gate.promise;
          },
        },
      },
    });
  });

  const ask = (path: string, init: RequestInit = {}) =>
    request(`${receiver.url}/admin${path}`, { headers: { authorization: `Bearer ${TOKEN}` }, ...init });
  const replay = (id: string) => ask(`/deliveries/${id}/replay`, { method: 'POST' });
  const postFailing = async () => {
    const answer = await post(`${receiver.url}/webhooks`, envelope());
    await statusOf(receiver.url, answer.json.id, 'failed');
    return answer.json as { id: string; idempotency_key: string; created_at: string };
  };
  const deliveriesOf = async (id: string) => (await ask(`/webhooks/${id}`)).json.deliveries as Delivery[];

  it('is not there without an ADMIN_TOKEN', async (t) => {
    const { url } = await startReceiver(t);
    for (const [method, path] of [
      ['GET', `/webhooks/${UNKNOWN_ID}`],
      ['GET', '/dead-letters'],
      ['POST', `/deliveries/${UNKNOWN_ID}/replay`],
    ] as const) {
      for (const authorization of ['', 'Bearer ', 'Bearer null', 'Bearer undefined']) {
        const answer = await request(`${url}/admin${path}`, { method, headers: { authorization } });
        assertProblem(answer, 'not_found');
      }
    }
  });

  it('is closed to whoever has not the token', async () => {
    const answers: Promise<Answer>[] = [];
    const wrong = [
      '',
      'Bearer',
      'Bearer ',
      TOKEN,
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(1)}`,
    ];
    for (const authorization of wrong) {
      for (const [method, path] of [
        ['GET', `/webhooks/${UNKNOWN_ID}`],
        ['GET', '/dead-letters'],
        ['POST', `/deliveries/${UNKNOWN_ID}/replay`],
      ] as const) {
        answers.push(ask(path, { method, headers: { authorization } }));
      }
    }
    // All at once, since each failure waits.
    for (const answer of await Promise.all(answers)) {
      assertProblem(answer, 'unauthorized');
      assert.equal(answer.header('www-authenticate'), 'Bearer');
    }
    assertProblem(await request(`${receiver.url}/admin/dead-letters`), 'unauthorized');
    const { status } = await ask('/dead-letters', { headers: { authorization: `bearer ${TOKEN}` } });
    assert.equal(status, 200);
  });

  it('answers 404 and 405 as the rest does', async () => {
    assertProblem(await ask('/nowhere'), 'not_found');
    assertProblem(await ask(''), 'not_found');
    const answer = await ask('/dead-letters', { method: 'DELETE' });
    assertProblem(answer, 'method_not_allowed');
    assert.equal(answer.header('allow'), 'GET, HEAD');
    const replayed = await ask(`/deliveries/${UNKNOWN_ID}/replay`);
    assertProblem(replayed, 'method_not_allowed');
    assert.equal(replayed.header('allow'), 'POST');
  });

  describe('GET /admin/webhooks/{id}', () => {
    it('shows exactly the event, its deliveries and their tries', async () => {
      const { id, idempotency_key, created_at } = await postFailing();
      const answer = await ask(`/webhooks/${id.toUpperCase()}`);
      assert.equal(answer.status, 200);
      const { updated_at, deliveries, headers, body, ...event } = answer.json as {
        updated_at: string;
        body: string;
        deliveries: never[];
        headers: string[][];
      };
      assert.deepEqual(headers[0], ['host', new URL(receiver.url).host]);
      assert.deepEqual(event, {
        ...{ id, idempotency_key, status: 'failed', created_at, attempts: 1 },
        ...{
          source: 'default',
          event_type: 'order.created',
          origin: 'received',
          method: 'POST',
          url: '/webhooks',
          trace_id: null,
          trace_url: null,
          unrouted: null,
        },
        ...{ body_encoding: 'utf8', body_bytes: body.length },
      });
      assert.equal((JSON.parse(body) as Record<string, unknown>).idempotency_key, idempotency_key);
      assert.equal(deliveries.length, 1);
      const { tries, due_at, ...delivery } = deliveries[0]! as Record<string, unknown>;
      assert.deepEqual(delivery, {
        ...{ id: delivery.id, event_id: id, destination: 'billing', status: 'failed', attempts: 1 },
        ...{ last_error: delivery.last_error, created_at, updated_at, replay_of: null },
        ...{ superseded_by: null, sent_as: delivery.id, order_key: null, turn: null },
      });
      assert.match(String(delivery.last_error), /no such order/);
      const [first, ...others] = tries as Record<string, unknown>[];
      assert.deepEqual(others, []);
      const { started_at, ended_at, outcome, error, ...rest } = first!;
      assert.deepEqual(rest, { number: 1, http_status: null, response_excerpt: null });
      assert.equal(typeof outcome, 'string');
      assert.match(String(error), /no such order/);
      for (const time of [updated_at, due_at, started_at, ended_at]) assert.match(String(time), RFC3339_UTC);
    });

    it('answers 404 for an unknown id', async () => {
      for (const id of [UNKNOWN_ID, 'x', '%00']) assertProblem(await ask(`/webhooks/${id}`), 'not_found');
    });
  });

  describe('GET /admin/dead-letters', () => {
    it('lists failed deliveries, newest first, a page at a time', async () => {
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.unshift((await postFailing()).id);
      const seen: unknown[] = [];
      let query = '?limit=2';
      for (let page = 0; page < 3; page++) {
        const { status, json } = await ask(`/dead-letters${query}`);
        assert.equal(status, 200);
        assert.deepEqual(Object.keys(json), ['deliveries', 'next']);
        seen.push(...(json.deliveries as Delivery[]).map(({ event_id }) => event_id));
        query = `?limit=2&cursor=${json.next}`;
      }
      assert.deepEqual(seen.slice(0, 5), ids);
      const whole = (await ask('/dead-letters?limit=500')).json as { deliveries: Delivery[]; next: null };
      assert.deepEqual(
        whole.deliveries.slice(0, 5).map(({ event_id }) => event_id),
        ids,
      );
      assert.equal(whole.next, null);
      const { tries: _tries, ...delivery } = (await deliveriesOf(ids[0]!))[0]!;
      const { source, event_type, idempotency_key, ...letter } = whole.deliveries[0]!;
      assert.deepEqual(letter, delivery);
      assert.deepEqual([source, event_type], ['default', 'order.created']);
      assert.equal(typeof idempotency_key, 'string');
      assert.deepEqual((await ask('/dead-letters?cursor=1')).json, { deliveries: [], next: null });
    });

    it('answers 422 for unknown query parameters wherever it is asked, and names the nearest', async () => {
      const id = '01890000-0000-7000-8000-000000000000';
      for (const [method, path] of [
        ['GET', `/webhooks/${id}?a=1`],
        ['GET', '/dead-letters?a=1'],
        ['POST', `/deliveries/${id}/replay?a=1`],
        ['GET', '/blocked-keys?a=1'],
        ['POST', '/blocked-keys/release?destination=d&order_key=k&a=1'],
        ['GET', '/rejected?a=1'],
        ['GET', `/rejected/${id}?a=1`],
        ['POST', `/rejected/${id}/reverify?a=1`],
        ['GET', '/sources/default/state?a=1'],
        ['DELETE', '/sources/default/state/x?a=1'],
      ] as const) {
        const { errors } = assertProblem(await ask(path, { method }), 'invalid');
        assert.deepEqual(errors, [{ field: '/a', message: 'not a known parameter' }], path);
      }
      const { errors } = assertProblem(await ask('/dead-letters?limt=1'), 'invalid');
      assert.match(errors?.[0]?.message ?? '', /nearest is limit/);
    });

    it('answers 422 for a page that cannot be', async () => {
      for (const [query, field] of [
        ['limit=0', '/limit'],
        ['limit=501', '/limit'],
        ['limit=-1', '/limit'],
        ['limit=1.5', '/limit'],
        ['limit=', '/limit'],
        ['limit=x', '/limit'],
        ...['0x10', '0b11', '0o7', '%2010', '10%20', '1e1', '%2B1', '1_0'].map((text) => [
          `limit=${text}`,
          '/limit',
        ]),
        ['limt=10', '/limt'],
        ['cursor=1&a~b%2Fc=1', '/a~0b~1c'],
        ['limit=1&limit=2', '/limit'],
        ['cursor=', '/cursor'],
        ['cursor=x', '/cursor'],
        ['cursor=-1', '/cursor'],
        ['cursor=1e3', '/cursor'],
        [`cursor=${'9'.repeat(17)}`, '/cursor'],
        ['cursor=1&cursor=2', '/cursor'],
      ] as const) {
        const { errors } = assertProblem(await ask(`/dead-letters?${query}`), 'invalid');
        assert.deepEqual(
          errors?.map((error) => error.field),
          [field],
          query,
        );
      }
      assert.equal((await ask(`/dead-letters?cursor=${'9'.repeat(16)}`)).status, 200);
    });
  });

  describe('POST /admin/deliveries/{id}/replay', () => {
    it('tries a dead letter anew, as a delivery that points to the old one', async () => {
      const { id } = await postFailing();
      const [old] = await deliveriesOf(id);
      isBroken = false;
      const answer = await replay(old!.id.toUpperCase());
      isBroken = await isHandled(answer, id);
      const { id: newId, due_at, created_at } = answer.json as Record<string, string>;
      assert.notEqual(newId, old!.id);
      assert.deepEqual(answer.json, {
        ...{ id: newId, event_id: id, destination: 'billing', status: 'pending', attempts: 0, due_at },
        ...{ last_error: null, created_at, updated_at: created_at, replay_of: old!.id },
        ...{ superseded_by: null, sent_as: old!.id, order_key: null, turn: null },
      });
      assert.match(created_at!, RFC3339_UTC);
      const [first, second, ...others] = await deliveriesOf(id);
      assert.deepEqual(others, []);
      assert.deepEqual([first?.status, second?.status, second?.replay_of], ['failed', 'completed', old!.id]);
    });

    /** @returns true, for the handler to be broken again */
    const isHandled = async (answer: Answer, eventId: string) => {
      assert.equal(answer.status, 202, answer.text);
      await statusOf(receiver.url, eventId, 'completed');
      return true;
    };

    it('takes a body of any kind, and reads none', async () => {
      for (const body of ['', '{', 'x'.repeat(50_000)]) {
        const { id } = await postFailing();
        const [old] = await deliveriesOf(id);
        const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
        const answer = await ask(`/deliveries/${old!.id}/replay`, { method: 'POST', headers, body });
        assert.equal(answer.status, 202, answer.text);
        await eventually(
          () => ask(`/webhooks/${id}`),
          ({ json }) => (json.deliveries as Delivery[])[1]?.status === 'failed',
        );
      }
    });

    it('answers 404 for an unknown delivery, an event among them', async () => {
      const { id } = await postFailing();
      for (const unknown of [UNKNOWN_ID, id, 'x', '%00']) assertProblem(await replay(unknown), 'not_found');
    });

    it('answers 409 for one that is open, and 429 when the queue is full', async () => {
      const { id: failed } = await postFailing();
      const [dead] = await deliveriesOf(failed);
      const slow = [];
      for (let i = 0; i < 3; i++) {
        const { json } = await post(`${receiver.url}/webhooks`, envelope({ event_type: 'slow.x' }));
        if (i === 0) await statusOf(receiver.url, json.id, 'processing');
        slow.push(String(json.id));
      }
      for (const id of slow.slice(0, 2)) {
        const [open] = await deliveriesOf(id);
        const { detail } = assertProblem(await replay(open!.id), 'not_terminal');
        assert.match(detail, new RegExp(String(open!.status)));
      }
      const answer = await replay(dead!.id);
      assertProblem(answer, 'queue_full');
      assert.match(answer.header('retry-after') ?? '', /^[1-9]\d*$/);
      assert.equal((await deliveriesOf(failed)).length, 1);
    });
  });
});
