import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { PermanentError } from '../../src/domain/errors.ts';
import { startReceiver, suiteCleanup, type TestReceiver } from '../../testkit/receiver.ts';
import { assertProblem, envelope, post, request, startApi, statusOf } from './support.ts';

const TOKEN = 'correct-horse-battery-staple';
const OPERATOR = 'wrong-horse-battery-staple';

describe('erasing events', () => {
  let receiver: TestReceiver;
  let isOpen = false;
  const suite = suiteCleanup();

  before(async () => {
    receiver = await startReceiver(suite, {
      env: { ADMIN_TOKEN: TOKEN },
      sources: { default: {}, other: {} },
      destinations: {
        broken: {
          events: ['broken'],
          handler: () => {
            throw new PermanentError('the customer is unknown');
          },
          orderBy: 'body:/payload/id',
        },
        slow: { events: ['slow'], handler: () => new Promise(() => {}) },
      },
    });
    isOpen = true;
  });

  const at = (path: string) => `${receiver.url}${path}`;
  const admin = (path: string, body?: unknown, method = 'POST', token = TOKEN) =>
    request(at(path), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const erase = (body: unknown) => admin('/admin/erase', body);
  const send = async (members: Record<string, unknown> = {}, source = 'default') => {
    const body = envelope(members);
    const { json } = await post(at(`/webhooks/${source}`), body);
    return { body, id: String(json.id), key: String(body.idempotency_key) };
  };
  const nobody = '019b76da-a800-7000-8000-000000000000';

  it('one by its id: it is shown as erased, and can be asked for as before', async () => {
    assert.ok(isOpen);
    const { id, key, body } = await send({ event_type: 'broken', payload: { id: 'ada' } });
    await statusOf(receiver.url, id, 'failed');
    const { status, json } = await admin(`/admin/webhooks/${id}/erase`);
    assert.equal(status, 200);
    assert.deepEqual(json, { erased: 1, erased_before: 0, unknown: 0, traces: 'removed' });

    const shown = (await request(at(`/webhooks/${id}`))).json;
    assert.equal(shown.idempotency_key, null);
    assert.equal(shown.status, 'failed');
    assert.ok(Math.abs(Date.parse(String(shown.erased_at)) - Date.now()) < 60_000);
    assert.equal((await request(at(`/webhooks?idempotency_key=${key}`))).json.id, id);

    const details = (await admin(`/admin/webhooks/${id}`, undefined, 'GET')).json as {
      url: unknown;
      deliveries: { id: string; last_error: unknown; order_key: unknown; turn: unknown; tries: unknown[] }[];
    };
    assert.equal(details.url, null);
    const [delivery] = details.deliveries;
    assert.deepEqual([delivery!.last_error, delivery!.order_key, delivery!.turn], [null, null, null]);
    assert.equal((delivery!.tries[0] as { error: unknown }).error, null);

    const letters = (await admin('/admin/dead-letters', undefined, 'GET')).json.deliveries as Record<
      string,
      unknown
    >[];
    const letter = letters.find(({ event_id }) => event_id === id)!;
    assert.deepEqual([letter.idempotency_key, letter.last_error], [null, null]);
    assert.equal(letter.erased_at, shown.erased_at);

    const again = await post(at('/webhooks'), body);
    assert.equal(again.status, 200);
    assert.deepEqual([again.json.id, again.json.idempotency_key], [id, key]);
    assertProblem(await admin(`/admin/deliveries/${delivery!.id}/replay`), 'erased');
    assert.deepEqual((await admin(`/admin/webhooks/${id}/erase`)).json, {
      ...{ erased: 0, erased_before: 1, unknown: 0, traces: 'removed' },
    });
  });

  it('by ids, each once; unknown ones are counted', async () => {
    const [one, two] = [await send(), await send()];
    const { status, json } = await erase({ ids: [one.id, two.id.toUpperCase(), nobody, one.id] });
    assert.equal(status, 200);
    assert.deepEqual(json, { erased: 2, erased_before: 0, unknown: 1, traces: 'removed' });
    assertProblem(await erase({ ids: [nobody] }), 'not_found');
  });

  it('by source and key', async () => {
    const { id, key } = await send();
    await send({ idempotency_key: key }, 'other');
    assertProblem(await erase({ source: 'default', key: 'nobody' }), 'not_found');
    assert.equal((await erase({ source: 'default', key, expect: 1 })).json.erased, 1);
    assert.equal((await erase({ source: 'default', key, expect: 1 })).json.erased_before, 1);
    assert.notEqual((await request(at(`/webhooks/${id}`))).json.erased_at, undefined);
    const other = (await request(at(`/webhooks?source=other&idempotency_key=${key}`))).json;
    assert.equal(other.idempotency_key, key);
  });

  it('by source and time', async () => {
    const first = await send({}, 'other');
    const since = String((await request(at(`/webhooks/${first.id}`))).json.created_at);
    await send();
    const until = new Date(Date.now() + 60_000).toISOString();
    const { json } = await erase({ source: 'other', since, until });
    assert.equal(json.erased, 1);
    const past = { since: '2020-01-01T00:00:00Z', until: '2020-01-01T01:00:00+01:00' };
    assert.equal((await erase({ source: 'other', ...past, until: '2020-01-02T00:00:00Z' })).json.erased, 0);
    assertProblem(await erase({ source: 'nobody', ...past, until: '2020-01-02T00:00:00Z' }), 'not_found');
  });

  it('nothing, when one of them is open, or when there are not as many as expected', async () => {
    const done = await send();
    const open = await send({ event_type: 'slow' });
    assertProblem(await erase({ ids: [done.id, open.id] }), 'not_terminal');
    assertProblem(await admin(`/admin/webhooks/${open.id}/erase`), 'not_terminal');
    assertProblem(await erase({ ids: [done.id], expect: 2 }), 'count_differs');
    const shown = (await request(at(`/webhooks/${done.id}`))).json;
    assert.equal(shown.idempotency_key, done.key);
  });

  it('nothing, when the body does not name them in exactly one way', async () => {
    const { id, key } = await send();
    const time = { since: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' };
    const source = 'default';
    const bodies: unknown[] = [
      ...[
        {},
        [],
        null,
        'x',
        { ids: [] },
        { ids: id },
        { ids: ['x'] },
        { ids: [1] },
        { source },
        { key },
        time,
      ],
      ...[
        { ids: [id], source, key },
        { source, key, ...time },
        { source, since: time.since },
        { key, ...time },
      ],
      { source, since: time.until, until: time.since },
      { source, since: time.since, until: time.since },
      { source, since: '2026-01-01', until: time.until },
      ...[
        { source, key, expect: -1 },
        { source, key, expect: '1' },
        { source, key, expect: 1.5 },
      ],
      { source, key, more: 1 },
    ];
    for (const body of bodies) {
      const answer = await erase(body);
      assert.equal(answer.status, 422, `${JSON.stringify(body)}: ${answer.text}`);
    }
    assert.equal((await request(at('/admin/erase'), { method: 'POST' })).status, 401);
    assert.equal((await admin('/admin/erase', { ids: [id] }, 'POST', OPERATOR)).status, 401);
    assert.equal((await request(at(`/webhooks/${id}`))).json.idempotency_key, key);
  });

  it('above 1,000 only with the number of them', async () => {
    const { url } = receiver;
    const since = new Date().toISOString();
    const senders = Array.from({ length: 8 }, async (_, sender) => {
      for (let count = sender; count < 1_001; count += 8) {
        await post(`${url}/webhooks/other`, envelope());
      }
    });
    await Promise.all(senders);
    const selection = { source: 'other', since, until: '2200-01-01T00:00:00Z' };
    const refused = await erase(selection);
    assertProblem(refused, 'invalid');
    assert.match(refused.text, /"expect\\?": 1001/);
    assertProblem(await erase({ ...selection, expect: 1_000 }), 'count_differs');
    assert.equal((await erase({ ...selection, expect: 1_001 })).json.erased, 1_001);
    assert.equal((await erase({ ...selection, expect: 1_001 })).json.erased_before, 1_001);
  });
});

describe('an erase of more than one request may erase', () => {
  it('is refused with the most, and erases nothing', async (t) => {
    let looks = 0;
    const store = {
      appendAudit: async () => {},
      erasableBetween: async () => {
        looks += 1;
        const state = 'erased' as const;
        const events = Array.from({ length: 1_000 }, (_, at) => ({ id: `${looks}-${at}`, state }));
        return { events, next: String(looks) };
      },
    };
    const api = await startApi(t, { store, tokens: [{ name: 'ann', role: 'admin', token: TOKEN }] });
    const answer = await request(`${api.url}/admin/erase`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ source: 'shop', since: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' }),
    });
    assert.match(assertProblem(answer, 'invalid').detail, /more than 100000 events.*Nothing was erased/);
    assert.equal(looks, 101);
  });
});
