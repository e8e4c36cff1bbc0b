import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { NOW_S, postSigned, type SourcesOptions, startSources } from './sources-support.ts';
import { post, request } from './support.ts';

/** What is the same event, over the interface: an id for ever, a mark for as long as the provider retries. */

const SECRET = 'the secret of the identity tests';
const DAY_MS = 86_400_000;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const start = (t: TestContext, sources: SourcesOptions['sources']) => startSources(t, { sources });

function graph(url: string, value: object) {
  const body = JSON.stringify({ value: [{ clientState: SECRET, ...value }] });
  return post(`${url}/webhooks/graph`, body);
}

describe('an event with an id', () => {
  it('is a retry under the same id, whenever and however it was signed, and another event under another', async (t) => {
    const { url, clock } = await start(t, { stripe: { provider: 'stripe', secrets: [SECRET] } });
    const body = (id: string) => JSON.stringify({ id, type: 'invoice.paid' });
    const send = (id: string, nowMs: number) =>
      postSigned(`${url}/webhooks/stripe`, { provider: 'stripe', secret: SECRET, body: body(id), nowMs });
    const first = await send('evt_1', NOW_S * 1000);
    assert.equal(first.status, 202);
    await clock.advance(3 * DAY_MS);
    const again = await send('evt_1', NOW_S * 1000 + 3 * DAY_MS);
    assert.deepEqual([again.status, again.json.id], [200, first.json.id]);
    assert.equal((await send('evt_2', NOW_S * 1000 + 3 * DAY_MS)).status, 202);
  });
});

describe('an event without an id', () => {
  const calendly = { calendly: { provider: 'calendly', secrets: [SECRET] } };
  const body = '{"event":"invitee.created","created_at":"2025-10-09T08:53:20.000000Z"}';
  const send = (url: string, nowMs: number) =>
    postSigned(`${url}/webhooks/calendly`, { provider: 'calendly', secret: SECRET, body, nowMs });

  it('is a retry for as long as the provider retries, and has the next key of its mark after that', async (t) => {
    const { url, clock, metric } = await start(t, calendly);
    const nowMs = NOW_S * 1000;
    const first = await send(url, nowMs);
    assert.deepEqual([first.status, first.json.idempotency_key], [202, `sha256:${sha256(body)}`]);
    await clock.advance(DAY_MS);
    const again = await send(url, nowMs + DAY_MS);
    assert.deepEqual([again.status, again.json.id], [200, first.json.id]);
    const line = 'webhook_events_total{result="duplicate",source="calendly",reason="",by="body"}';
    assert.equal(await metric(line), 1);
    await clock.advance(1);
    const later = await send(url, nowMs + DAY_MS + 1);
    assert.deepEqual([later.status, later.json.idempotency_key], [202, `sha256:${sha256(body)}~2`]);
    const query = (key: string) =>
      request(`${url}/webhooks?source=calendly&idempotency_key=${encodeURIComponent(key)}`);
    assert.equal((await query(`sha256:${sha256(body)}`)).json.id, later.json.id);
    assert.equal((await query(`sha256:${sha256(body)}~2`)).json.id, later.json.id);
  });

  it('shows how often it came again, and whether its bytes were others', async (t) => {
    const { url, clock, admin } = await start(t, { default: null });
    const event = (payload: object) =>
      post(`${url}/webhooks`, JSON.stringify({ idempotency_key: 'k', event_type: 't', payload }));
    const first = await event({ a: 1 });
    const details = async () => {
      const answer = await admin(`/webhooks/${first.json.id}`);
      return answer.json.duplicates;
    };
    assert.equal(await details(), undefined);
    await event({ a: 1 });
    await clock.advance(2_000);
    assert.deepEqual(await details(), {
      count: 1,
      last_received_at: new Date(NOW_S * 1000).toISOString(),
      bytes_differed: false,
    });
    await event({ a: 2 });
    await clock.advance(2_000);
    assert.deepEqual(await details(), {
      count: 2,
      last_received_at: new Date(NOW_S * 1000 + 2_000).toISOString(),
      bytes_differed: true,
    });
  });

  it('is new each time where nothing tells a retry from another event', async (t) => {
    const { url, store } = await start(t, {
      graph: { provider: 'microsoft-graph', secrets: [SECRET] },
      own: { schemes: [{ alg: 'hmac', sig: { from: 'header:X-Sig' } }], secrets: [SECRET] },
    });
    const drive = { changeType: 'updated', resource: 'me/drive/root', subscriptionId: 's' };
    for (let i = 0; i < 3; i++) assert.equal((await graph(url, drive)).status, 202);
    for (const status of [202, 200]) assert.equal((await graph(url, { id: 'n1', ...drive })).status, status);
    const door = '{"door":"open"}';
    const signature = createHmac('sha256', SECRET).update(door).digest('hex');
    for (let i = 0; i < 2; i++) {
      assert.equal((await post(`${url}/webhooks/own`, door, { 'x-sig': signature })).status, 202);
    }
    assert.equal((await store.stats()).events, 6);
  });
});

describe('an inbox of the version before', () => {
  it('knows retries under the keys that it gave, for as long as the provider retries', async (t) => {
    const { url, store, clock } = await start(t, {
      mailgun: { provider: 'mailgun', secrets: [SECRET], toleranceSeconds: 86_400 },
    });
    const old = {
      ...{ id: '0199c82c-c000-7000-8000-00000000aaaa', source: 'mailgun', idempotencyKey: 'e1' },
      ...{ eventType: 'delivered', method: 'POST', url: '/', headers: [], contentType: '' },
      body: Buffer.from('x'),
      receivedAtMs: NOW_S * 1000,
      origin: 'received' as const,
    };
    await store.insertEvent(old, []);
    const send = (token: string) => {
      const timestamp = String(NOW_S);
      const signature = createHmac('sha256', SECRET)
        .update(timestamp + token)
        .digest('hex');
      const event = {
        signature: { timestamp, token, signature },
        'event-data': { id: 'e1', timestamp: 1.5 },
      };
      return post(`${url}/webhooks/mailgun`, JSON.stringify(event));
    };
    const retry = await send('a');
    assert.deepEqual([retry.status, retry.json.id], [200, old.id]);
    await clock.advance(9 * 3_600_000 + 1);
    const late = await send('b');
    assert.equal(late.status, 200);
    assert.notEqual(late.json.id, old.id);
  });
});
