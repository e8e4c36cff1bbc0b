import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PermanentError } from '../../src/domain/errors.ts';
import { isUuid, uuidTimeMs } from '../../src/runtime/ids.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, eventually, newKey, post, request, statusOf } from './support.ts';

const RFC3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UNKNOWN_ID = '01890000-0000-7000-8000-000000000000';

describe('the endpoints of a receiver', () => {
  let receiver: TestReceiver;
  let webhooks: string;
  /** Ids of the events, in the order of the handler's calls. */
  const handled: string[] = [];
  const gate = Promise.withResolvers<void>();

  const suite = suiteCleanup();
  before(async () => {
    receiver = await startReceiver(suite, {
      sources: { orders: {} },
      destinations: {
        billing: {
          events: ['order.*'],
          handler: async (event) => {
            handled.push(event.id);
            if (event.eventType === 'order.poison') throw new PermanentError('no such order');
            if (event.eventType === 'order.slow') await gate.promise;
          },
        },
      },
    });
    webhooks = `${receiver.url}/webhooks`;
  });

  const get = (path: string) => request(`${receiver.url}${path}`);
  const byKey = (key: unknown, source?: string) =>
    get(
      `/webhooks?${new URLSearchParams({ idempotency_key: String(key), ...(source === undefined ? {} : { source }) })}`,
    );
  const metric = async (line: string) => {
    const { text } = await get('/metrics');
    const found = text.split('\n').find((other) => other.startsWith(`${line} `));
    assert.ok(found !== undefined, `no metric ${line}`);
    return Number(found.slice(line.length + 1));
  };

  describe('POST /webhooks', () => {
    it('answers a new event 202 with exactly its id, key, status and time', async () => {
      const body = envelope();
      const beforeMs = Date.now();
      const answer = await post(webhooks, body);
      const afterMs = Date.now();
      assert.equal(answer.status, 202);
      assert.equal(answer.header('content-type'), 'application/json');
      assert.equal(answer.header('x-content-type-options'), 'nosniff');
      const { id, created_at } = answer.json as { id: string; created_at: string };
      const { idempotency_key } = body;
      assert.deepEqual(answer.json, { id, idempotency_key, status: 'pending', created_at });
      assert.match(created_at, RFC3339_UTC);
      const createdAtMs = Date.parse(created_at);
      assert.ok(createdAtMs >= beforeMs && createdAtMs <= afterMs, created_at);
    });

    it('gives ids that are UUIDv7s of the time of arrival and grow', async () => {
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) {
        const { id, created_at } = (await post(webhooks, envelope())).json as Record<string, string>;
        assert.ok(isUuid(id!));
        assert.equal(id![14], '7');
        assert.match(id![19]!, /[89ab]/);
        assert.equal(uuidTimeMs(id!), Date.parse(created_at!));
        ids.push(id!);
      }
      assert.deepEqual(ids.toSorted(), ids);
    });

    it('answers a known key 200 with the current status, and does not process it again', async () => {
      const body = envelope();
      const first = await post(webhooks, body);
      const second = await post(webhooks, body);
      assert.equal(second.status, 200);
      assert.equal(second.header('x-content-type-options'), 'nosniff');
      assert.deepEqual(second.json, { ...first.json, status: second.json.status });
      await statusOf(receiver.url, first.json.id, 'completed');
      const third = await post(webhooks, body);
      assert.equal(third.status, 200);
      assert.deepEqual(third.json, { ...first.json, status: 'completed' });
      const later = await post(webhooks, envelope());
      await statusOf(receiver.url, later.json.id, 'completed');
      assert.equal(handled.filter((id) => id === first.json.id).length, 1);
    });

    it('answers one of many senders of a new key 202, and the others 200 with the same id', async () => {
      const body = envelope();
      const answers = await Promise.all(Array.from({ length: 40 }, () => post(webhooks, body)));
      const statuses = answers.map(({ status }) => status).toSorted();
      assert.deepEqual(statuses, [...Array(39).fill(200), 202]);
      assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1);
      await statusOf(receiver.url, answers[0]!.json.id, 'completed');
      assert.equal(handled.filter((id) => id === answers[0]!.json.id).length, 1);
    });

    it('answers a known key with another body 200, keeps the first, and counts a conflict', async () => {
      const series = 'webhook_conflicts_total{source="default"}';
      const countBefore = await metric(series);
      const body = envelope();
      const first = await post(webhooks, body);
      await post(webhooks, body);
      assert.equal(await metric(series), countBefore);
      const other = await post(webhooks, { ...body, event_type: 'order.poison' });
      assert.equal(other.status, 200);
      assert.deepEqual(other.json, { ...first.json, status: other.json.status });
      assert.equal(await metric(series), countBefore + 1);
      await statusOf(receiver.url, first.json.id, 'completed');
      // The same JSON in other bytes is another body.
      assert.equal((await post(webhooks, JSON.stringify(body, null, 2))).status, 200);
      assert.equal(await metric(series), countBefore + 2);
    });

    it('keeps an event that no destination wants, and says that it is completed', async () => {
      const answer = await post(webhooks, envelope({ event_type: 'parcel.lost' }));
      assert.equal(answer.status, 202);
      assert.equal(answer.json.status, 'completed');
      const { json } = await get(`/webhooks/${answer.json.id}`);
      assert.deepEqual([json.status, json.attempts, json.updated_at], ['completed', 0, json.created_at]);
    });

    it('counts what it took, what it knew and what it refused', async () => {
      const series = (result: string, source: string, reason = '') =>
        `webhook_events_total{result="${result}",source="${source}",reason="${reason}"${result === 'duplicate' ? ',by="key"' : ''}}`;
      const names = [
        series('accepted', 'default'),
        series('duplicate', 'default'),
        series('rejected', 'default', 'malformed_json'),
        series('rejected', 'default', 'invalid'),
        series('rejected', 'default', 'unsupported_media_type'),
        series('rejected', '', 'unknown_source'),
      ];
      const counts = () => Promise.all(names.map(metric));
      const countsBefore = await counts();
      const body = envelope();
      await post(webhooks, body);
      await post(webhooks, body);
      await post(webhooks, '{');
      await post(webhooks, {});
      await post(webhooks, body, { 'content-type': 'text/plain' });
      await post(`${webhooks}/nobody`, body);
      assert.deepEqual(
        await counts(),
        countsBefore.map((count) => count + 1),
      );
    });
  });

  describe('POST /webhooks/{source}', () => {
    it('takes events of a configured source', async () => {
      const answer = await post(`${webhooks}/orders`, envelope());
      assert.equal(answer.status, 202);
      assert.equal((await get(`/webhooks/${answer.json.id}`)).status, 200);
    });

    it('takes the same key on two sources for two events', async () => {
      const body = envelope();
      const here = await post(webhooks, body);
      const there = await post(`${webhooks}/orders`, body);
      assert.deepEqual([here.status, there.status], [202, 202]);
      assert.notEqual(here.json.id, there.json.id);
      const key = body.idempotency_key;
      assert.equal((await byKey(key)).json.id, here.json.id);
      assert.equal((await byKey(key, 'default')).json.id, here.json.id);
      assert.equal((await byKey(key, 'orders')).json.id, there.json.id);
      await statusOf(receiver.url, here.json.id, 'completed');
      await statusOf(receiver.url, there.json.id, 'completed');
    });

    it('takes a trailing slash', async () => {
      const body = envelope();
      const first = await post(`${webhooks}/orders`, body);
      for (const path of ['/orders/', '/orders/?x=1']) {
        const again = await post(`${webhooks}${path}`, body);
        assert.deepEqual([path, again.status, again.json.id], [path, 200, first.json.id]);
      }
      assert.equal((await get(`/webhooks/${first.json.id}/`)).status, 200);
      const put = await request(`${webhooks}/orders/`, { method: 'PUT' });
      assert.equal(put.header('allow'), 'GET, HEAD, POST');
    });

    it('knows POST /webhooks by the name default, with a query or a slash behind it too', async () => {
      const body = envelope();
      const first = await post(webhooks, body);
      for (const path of ['/default', '?x=1', '/default?x=1', '/', '/?x=1']) {
        const again = await post(`${webhooks}${path}`, body);
        assert.deepEqual([path, again.status, again.json.id], [path, 200, first.json.id]);
      }
    });

    for (const source of ['nobody', 'Orders', 'orders//', 'orders/x', 'ord%65rs', '__proto__', '%zz']) {
      it(`answers 404 for the unknown source ${source} and stores nothing`, async () => {
        const body = envelope();
        assertProblem(await post(`${webhooks}/${source}`, body), 'unknown_source');
        assert.equal((await byKey(body.idempotency_key)).status, 404);
        assert.equal((await byKey(body.idempotency_key, source)).status, 404);
      });
    }
  });

  describe('GET /webhooks/{id}', () => {
    it('answers exactly the event, its status, times and finished tries', async () => {
      const body = envelope();
      const { id, created_at } = (await post(webhooks, body)).json;
      const answer = await statusOf(receiver.url, id, 'completed');
      assert.equal(answer.status, 200);
      assert.match(answer.header('content-type') ?? '', /^application\/json\b/);
      assert.equal(answer.header('x-content-type-options'), 'nosniff');
      const { updated_at } = answer.json as { updated_at: string };
      const { idempotency_key } = body;
      assert.deepEqual(answer.json, {
        id,
        idempotency_key,
        status: 'completed',
        created_at,
        updated_at,
        attempts: 1,
      });
      assert.match(updated_at, RFC3339_UTC);
      assert.ok(Date.parse(updated_at) >= Date.parse(created_at as string));
    });

    it('follows an event through processing to completed', async () => {
      const body = envelope({ event_type: 'order.slow' });
      const { id } = (await post(webhooks, body)).json;
      const processing = await statusOf(receiver.url, id, 'processing');
      assert.equal(processing.json.attempts, 0);
      assert.equal((await post(webhooks, body)).json.status, 'processing');
      gate.resolve();
      assert.equal((await statusOf(receiver.url, id, 'completed')).json.attempts, 1);
    });

    it('shows a dead letter as failed; its key stays known', async () => {
      const body = envelope({ event_type: 'order.poison' });
      const { id } = (await post(webhooks, body)).json;
      assert.equal((await statusOf(receiver.url, id, 'failed')).json.attempts, 1);
      const again = await post(webhooks, body);
      assert.deepEqual([again.status, again.json.id, again.json.status], [200, id, 'failed']);
    });

    it('takes an id in upper case', async () => {
      const { id } = (await post(webhooks, envelope())).json;
      const answer = await get(`/webhooks/${String(id).toUpperCase()}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.json.id, id);
    });

    for (const id of [
      UNKNOWN_ID,
      UNKNOWN_ID.replaceAll('-', ''),
      `{${UNKNOWN_ID}}`,
      'x',
      '0',
      '%00',
      '%F0%9F%98%80',
      'x'.repeat(8000),
    ]) {
      it(`answers 404 for the unknown id ${id.slice(0, 40)}`, async () => {
        assertProblem(await get(`/webhooks/${id}`), 'not_found');
      });
    }

    it('answers 400 for a path that is not percent-encoded', async () => {
      assertProblem(await get('/webhooks/%zz'), 'bad_request');
    });
  });

  describe('GET /webhooks?idempotency_key=', () => {
    it('answers the same as by id', async () => {
      const body = envelope();
      const { id } = (await post(webhooks, body)).json;
      await statusOf(receiver.url, id, 'completed');
      const found = await byKey(body.idempotency_key);
      assert.equal(found.status, 200);
      assert.deepEqual(found.json, (await get(`/webhooks/${id}`)).json);
    });

    for (const text of [
      'a b',
      'a+b',
      'a&source=orders',
      '100%',
      'ключ-😀',
      '"\\\n',
      '__proto__',
      '/',
      '?#',
    ]) {
      it(`finds the key ${JSON.stringify(text)}`, async () => {
        const key = `${newKey()} ${text}`;
        const { id } = (await post(webhooks, envelope({ idempotency_key: key }))).json;
        const found = await byKey(key);
        assert.deepEqual([found.json.id, found.json.idempotency_key], [id, key]);
      });
    }

    it('answers 404 for an unknown key, or one of another source', async () => {
      const body = envelope();
      await post(webhooks, body);
      assertProblem(await byKey(newKey()), 'not_found');
      assertProblem(await byKey('nul\0'), 'not_found');
      assertProblem(await byKey(body.idempotency_key, 'orders'), 'not_found');
      assertProblem(await byKey(body.idempotency_key, 'nobody'), 'not_found');
    });

    for (const [query, fields] of [
      ['', ['/idempotency_key']],
      ['?', ['/idempotency_key']],
      ['?idempotency_key=', ['/idempotency_key']],
      ['?idempotency_key=a&idempotency_key=b', ['/idempotency_key']],
      ['?idempotency_key=a&source=', ['/source']],
      ['?source=a&source=b', ['/idempotency_key', '/source']],
    ] as const) {
      it(`answers 422 for the query ${query || '(none)'}`, async () => {
        const { errors } = assertProblem(await get(`/webhooks${query}`), 'invalid');
        assert.deepEqual(
          errors?.map(({ field }) => field),
          fields,
        );
      });
    }
  });

  describe('what operators ask', () => {
    it('GET /health and GET /ready answer 200 while it runs', async () => {
      const health = await get('/health');
      assert.deepEqual([health.status, health.json], [200, { status: 'ok' }]);
      const ready = await get('/ready');
      assert.deepEqual([ready.status, ready.json], [200, { status: 'ready' }]);
    });

    it('GET /metrics answers in the Prometheus text format', async () => {
      const answer = await get('/metrics');
      assert.equal(answer.status, 200);
      assert.match(answer.header('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      for (const name of [
        'webhook_events_total',
        'webhook_queue_depth',
        'webhook_processing_duration_seconds',
        'webhook_processing_errors_total',
      ]) {
        assert.match(answer.text, new RegExp(`^# TYPE ${name} `, 'm'));
      }
    });

    it('HEAD answers as GET does, without the body', async () => {
      const { id } = (await post(webhooks, envelope())).json;
      for (const path of ['/health', '/ready', '/metrics', '/openapi.json', '/docs', `/webhooks/${id}`]) {
        const answer = await request(`${receiver.url}${path}`, { method: 'HEAD' });
        assert.deepEqual([path, answer.status, answer.text], [path, 200, '']);
      }
      const unknown = await request(`${receiver.url}/webhooks/${UNKNOWN_ID}`, { method: 'HEAD' });
      assert.deepEqual([unknown.status, unknown.text], [404, '']);
    });
  });

  describe('what is not there', () => {
    for (const path of [
      '/',
      '/webhook',
      '/webhooksx',
      '/webhooks/a/b',
      '/Health',
      '/health/',
      '/docs/x',
      '/.env',
    ]) {
      it(`GET ${path} answers 404`, async () => {
        assertProblem(await get(path), 'not_found');
      });
    }

    for (const [path, allowed, methods] of [
      ['/webhooks', 'GET, HEAD, POST', ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY']],
      ['/webhooks?x=1', 'GET, HEAD, POST', ['PUT']],
      ['/webhooks/orders', 'GET, HEAD, POST', ['PUT', 'DELETE', 'OPTIONS']],
      ['/health', 'GET, HEAD', ['POST', 'PUT', 'DELETE', 'M-SEARCH']],
      ['/ready', 'GET, HEAD', ['POST']],
      ['/metrics?x', 'GET, HEAD', ['POST']],
      ['/openapi.json', 'GET, HEAD', ['POST', 'OPTIONS']],
      ['/docs', 'GET, HEAD', ['POST']],
      ['/docs/static/swagger-ui.css', 'GET, HEAD', ['DELETE']],
    ] as const) {
      for (const method of methods) {
        it(`${method} ${path} answers 405 and what is allowed`, async () => {
          const headers = { 'content-type': 'application/json' };
          const answer = await request(`${receiver.url}${path}`, { method, headers, body: '{"not": "read' });
          assertProblem(answer, 'method_not_allowed');
          assert.equal(answer.header('allow'), allowed);
        });
      }
    }

    it('a body or content type of any kind changes nothing about a 404', async () => {
      for (const contentType of ['text/plain', 'application/json', 'x', 'multipart/form-data']) {
        const answer = await post(`${receiver.url}/nowhere`, '{'.repeat(50_000), {
          'content-type': contentType,
        });
        assertProblem(answer, 'not_found');
      }
    });
  });

  it('processes each event once', async () => {
    await eventually(
      () => get('/metrics'),
      ({ text }) => /^webhook_queue_depth 0$/m.test(text),
    );
    assert.equal(new Set(handled).size, handled.length);
  });
});
