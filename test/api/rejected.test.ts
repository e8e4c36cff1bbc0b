import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { StoreError } from '../../src/domain/errors.ts';
import { openMemoryStore } from '../../src/store/memory/open.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { NOW_S, postSigned, startSources } from './sources-support.ts';
import { assertProblem, post, request, until } from './support.ts';

type Summary = Readonly<{ id: string; reason: string; source: string; received_at: string }>;
type Page = Readonly<{ rejected: readonly Summary[]; next: string | null }>;

const github = (secret: string) => ({ github: { provider: 'github', secrets: [secret] } });
const UNKNOWN_ID = '01890000-0000-7000-8000-000000000001';

const push = (url: string, secret: string, delivery = 'd-1', body = '{"n":1}') =>
  postSigned(`${url}/webhooks/github?x=1`, {
    provider: 'github',
    secret,
    body,
    headers: {
      'content-type': 'application/json',
      'X-GitHub-Event': 'push',
      'X-GitHub-Delivery': delivery,
      Cookie: 'session=1',
      Authorization: 'Bearer abc',
      'X-Api-Key': 'k',
    },
  });

describe('rejected requests', () => {
  it('are kept with reason, headers and body, secrets redacted', async (t) => {
    const { url, admin, metric } = await startSources(t, { sources: github('right') });
    await push(url, 'wrong');
    const { rejected, next } = (await admin('/rejected')).json as Page;
    assert.equal(next, null);
    const [summary] = rejected as readonly [Summary];
    assert.deepEqual(summary, {
      id: summary.id,
      source: 'github',
      reason: 'wrong_signature',
      detail: (summary as unknown as { detail: string }).detail,
      method: 'POST',
      url: '/webhooks/github?x=1',
      content_type: 'application/json',
      body_bytes: 7,
      received_at: new Date(NOW_S * 1000).toISOString(),
    });
    const answer = await admin(`/rejected/${summary.id}`);
    const { headers, body, body_encoding, ...rest } = answer.json;
    assert.deepEqual(rest, summary);
    assert.deepEqual([body, body_encoding], ['{"n":1}', 'utf8']);
    const of = (name: string) =>
      (headers as [string, string][]).find(([other]) => other.toLowerCase() === name)?.[1];
    for (const name of ['cookie', 'authorization', 'x-api-key']) assert.equal(of(name), '[redacted]');
    assert.match(of('x-hub-signature-256')!, /^sha256=[0-9a-f]{64}$/);
    assert.equal(await metric('webhook_rejected_requests_total{source="github",outcome="kept"}'), 1);
  });

  it('leave no credential in the database, under whatever name it came', async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'webhook-rejected-'));
    t.after(async () => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'events.db');
    const store = await openSqliteStore({ path: file, maxPendingDeliveries: 10 });
    const { url, admin, metric } = await startSources(t, { sources: github('right'), store });
    const names = [
      ...['X-Auth-Token', 'X-Client-Secret', 'X-Passwd', 'Password', 'Api-Key', 'X-ApiKey', 'Authorization'],
      ...['Cookie', 'X-Session'],
    ];
    await postSigned(`${url}/webhooks/github?token=PLANTED-q1&%6Bey=PLANTED-q2&code=PLANTED-q3&x=1`, {
      provider: 'github',
      secret: 'wrong',
      body: '{"n":1}',
      headers: Object.fromEntries(names.map((name, i) => [name, `PLANTED-h${i}`])),
    });
    const kept = 'webhook_rejected_requests_total{source="github",outcome="kept"}';
    while ((await metric(kept)) !== 1) await new Promise((resolve) => setImmediate(resolve));
    assert.match((await admin('/rejected')).text, /x=1/);
    await store.close();
    const bytes = readFileSync(file, 'latin1');
    assert.ok(bytes.includes('X-Client-Secret') && bytes.includes('[redacted]'));
    assert.deepEqual(bytes.match(/PLANTED-\w+/g), null);
  });

  it('show bytes that are no text as base64', async (t) => {
    const { url, admin } = await startSources(t, { sources: github('right') });
    const bytes = Buffer.from([255, 0, 1]);
    await post(`${url}/webhooks/github`, bytes, {});
    const [{ id }] = ((await admin('/rejected')).json as Page).rejected as [Summary];
    const { body, body_encoding } = (await admin(`/rejected/${id}`)).json;
    assert.deepEqual([body, body_encoding], [bytes.toString('base64'), 'base64']);
  });

  it('are kept of verified sources only, and not of refusals before the signature', async (t) => {
    const { url, admin } = await startSources(t, { sources: { ...github('right'), plain: null } });
    await post(`${url}/webhooks/plain`, '{');
    await post(`${url}/webhooks/github`, Buffer.alloc(1024 * 1024 + 1));
    await post(`${url}/webhooks/nobody`, '{}');
    assert.deepEqual((await admin('/rejected')).json, { rejected: [], next: null });
  });

  it('are listed newest first, a page at a time, of one source too', async (t) => {
    const { url, admin, clock } = await startSources(t, {
      sources: { ...github('right'), other: { provider: 'github', secrets: ['x'] } },
    });
    for (let i = 0; i < 3; i++) {
      await push(url, 'wrong', `d-${i}`);
      await post(`${url}/webhooks/other`, '{}');
      await clock.advance(1000);
    }
    const first = (await admin('/rejected?limit=2&source=github')).json as Page;
    const second = (await admin(`/rejected?limit=2&source=github&cursor=${first.next}`)).json as Page;
    const times = [...first.rejected, ...second.rejected].map(({ received_at }) => Date.parse(received_at));
    assert.deepEqual(
      times,
      [2, 1, 0].map((s) => (NOW_S + s) * 1000),
    );
    assert.equal(second.next, null);
    assert.equal(((await admin('/rejected')).json as Page).rejected.length, 6);
    for (const query of ['limit=0', 'limit=501', 'cursor=x', 'source=']) {
      assertProblem(await admin(`/rejected?${query}`), 'invalid');
    }
  });

  it('are bounded for each source', async (t) => {
    const { url, admin } = await startSources(t, {
      sources: github('right'),
      rejectedBounds: { maxRequests: 3, maxBytes: 1e6 },
    });
    for (let i = 0; i < 8; i++) await push(url, 'wrong', `d-${i}`, `{"n":${i}}`);
    assert.equal(((await admin('/rejected')).json as Page).rejected.length, 3);
  });

  it('do not hold up the answer, and a store that fails at them does not change it', async (t) => {
    const store = {
      ...openMemoryStore({ maxPendingDeliveries: 10 }),
      keepRejected: () => Promise.reject(new StoreError('STORE_FULL', 'the disk is full')),
    };
    const { url, metric } = await startSources(t, { sources: github('right'), store });
    assertProblem(await push(url, 'wrong'), 'unverified');
    assert.equal(await metric('webhook_rejected_requests_total{source="github",outcome="dropped"}'), 1);
  });

  describe('POST /admin/rejected/{id}/reverify', () => {
    const keep = async (t: Parameters<typeof startSources>[0]) => {
      const store = openMemoryStore({ maxPendingDeliveries: 2 });
      const before = await startSources(t, { sources: github('old-and-wrong'), store });
      await push(before.url, 'right');
      const [{ id }] = ((await before.admin('/rejected')).json as Page).rejected as [Summary];
      return { id, store, before };
    };

    it('takes the event once the secret is right, and keeps the request no more', async (t) => {
      const { id, store } = await keep(t);
      const after = await startSources(t, { sources: github('right'), store });
      // Days later: it is judged as of its own time.
      await after.clock.advance(48 * 3_600_000);
      const answer = await after.admin(`/rejected/${id}/reverify`, 'POST');
      assert.equal(answer.status, 200);
      const { outcome, event } = answer.json as { outcome: string; event: Record<string, string> };
      assert.equal(outcome, 'accepted');
      assert.equal(event.idempotency_key, 'd-1');
      assert.equal(event.created_at, new Date((NOW_S + 48 * 3600) * 1000).toISOString());
      assert.equal((await store.readEvent(event.id!))?.eventType, 'push');
      assertProblem(await after.admin(`/rejected/${id}`), 'not_found');
      assertProblem(await after.admin(`/rejected/${id}/reverify`, 'POST'), 'not_found');
      assert.equal(
        await after.metric('webhook_events_total{result="accepted",source="github",reason=""}'),
        1,
      );
    });

    it('answers no event to a handshake: its action is done, and it is kept no more', async (t) => {
      const store = openMemoryStore({ maxPendingDeliveries: 9 });
      const sources = (secret: string) => ({
        slack: { provider: 'slack', secrets: [secret] },
        ...github(secret),
      });
      const before = await startSources(t, { sources: sources('wrong'), store });
      const headers = { 'content-type': 'application/json' };
      const body = '{"type":"url_verification","challenge":"abc"}';
      await postSigned(`${before.url}/webhooks/slack`, { provider: 'slack', secret: 'right', headers, body });
      await postSigned(`${before.url}/webhooks/github`, {
        ...{ provider: 'github', secret: 'right', body: '{"zen":"a"}' },
        headers: { ...headers, 'X-GitHub-Event': 'ping', 'X-GitHub-Delivery': 'd-ping' },
      });
      const { rejected } = (await before.admin('/rejected')).json as Page;
      assert.equal(rejected.length, 2);
      const after = await startSources(t, { sources: sources('right'), store });
      const answers = new Map<string, Record<string, unknown>>();
      for (const { id, source } of rejected) {
        answers.set(source, (await after.admin(`/rejected/${id}/reverify`, 'POST')).json);
      }
      const slack = answers.get('slack')!;
      assert.deepEqual([slack.outcome, slack.event], ['handshake', undefined]);
      assert.equal(slack.handshake, 'url_verification');
      const ping = answers.get('github')!;
      assert.equal(ping.outcome, 'handshake');
      assert.equal((ping.event as { id: string }).id, (await after.stored('github', 'd-ping'))?.id);
      assert.equal((await store.stats()).events, 1);
      assert.deepEqual((await after.admin('/rejected')).json, { rejected: [], next: null });
      const told = after.events.map(({ type }) => type).filter((type) => /^(event|handshake)/.test(type));
      assert.deepEqual(told.toSorted(), ['event.accepted', 'handshake.answered', 'handshake.answered']);
    });

    it('finds a duplicate of what the provider has sent again meanwhile', async (t) => {
      const { id, store } = await keep(t);
      const after = await startSources(t, { sources: github('right'), store });
      const sent = await push(after.url, 'right');
      const { json } = await after.admin(`/rejected/${id}/reverify`, 'POST');
      assert.equal(json.outcome, 'duplicate');
      assert.equal((json.event as { id: string }).id, sent.json.id);
      assertProblem(await after.admin(`/rejected/${id}`), 'not_found');
    });

    it('leaves it where it is as long as it does not verify', async (t) => {
      const { id, before } = await keep(t);
      const answer = await before.admin(`/rejected/${id}/reverify`, 'POST');
      assert.equal(answer.status, 200);
      const { outcome, reason, detail, ...rest } = answer.json;
      assert.deepEqual([outcome, reason, typeof detail, rest], ['rejected', 'wrong_signature', 'string', {}]);
      assert.equal((await before.admin(`/rejected/${id}`)).status, 200);
    });

    it('leaves it where it is when the queue is full', async (t) => {
      const { id, store } = await keep(t);
      const after = await startSources(t, { sources: github('right'), store });
      for (const n of [1, 2]) await push(after.url, 'right', `full-${n}`, `{"full":${n}}`);
      assertProblem(await after.admin(`/rejected/${id}/reverify`, 'POST'), 'queue_full');
      assert.equal((await after.admin(`/rejected/${id}`)).status, 200);
    });

    it('cannot judge what is not configured any more, nor a body that was not kept', async (t) => {
      const { id, store } = await keep(t);
      const after = await startSources(t, { sources: { github: null }, store });
      const gone = await after.admin(`/rejected/${id}/reverify`, 'POST');
      assert.deepEqual(
        [gone.status, gone.json.outcome, gone.json.reason],
        [200, 'rejected', 'misconfigured'],
      );
      const large = await startSources(t, { sources: github('right') });
      await push(large.url, 'wrong', 'd-9', JSON.stringify({ a: 'x'.repeat(300_000) }));
      const [{ id: largeId }] = ((await large.admin('/rejected')).json as Page).rejected as [Summary];
      assert.equal((await large.admin(`/rejected/${largeId}`)).json.body, null);
      const { json } = await large.admin(`/rejected/${largeId}/reverify`, 'POST');
      assert.match(String(json.detail), /too long to be kept/);
    });

    it('says why a token cannot fit any more', async (t) => {
      const { url, admin } = await startSources(t, {
        sources: {
          lab: { schemes: [{ alg: 'token', sig: { from: 'header:X-Token' } }], secrets: ['right'] },
        },
      });
      await post(`${url}/webhooks/lab`, '{}', { 'X-Token': 'wrong' });
      const [{ id }] = ((await admin('/rejected')).json as Page).rejected as [Summary];
      assert.doesNotMatch((await admin(`/rejected/${id}`)).text, /"wrong"/);
      const { json } = await admin(`/rejected/${id}/reverify`, 'POST');
      assert.match(String(json.detail), /not kept with the request/);
    });

    it('answers 404 for an unknown id, and 401 without the token', async (t) => {
      const { url, admin, clock } = await startSources(t, { sources: github('right') });
      for (const id of [UNKNOWN_ID, 'x', '%00']) {
        assertProblem(await admin(`/rejected/${id}/reverify`, 'POST'), 'not_found');
        assertProblem(await admin(`/rejected/${id}`), 'not_found');
      }
      for (const path of ['/admin/rejected', '/admin/sources/github/state']) {
        const answer = request(`${url}${path}`);
        // What fails waits for a moment.
        await until(
          () => clock.pending() > 0,
          () => 'the answer waits for nothing',
        );
        await clock.advance(1_000);
        assertProblem(await answer, 'unauthorized');
      }
    });
  });

  it('of a signature with a timestamp verify as of their own time', async (t) => {
    const store = openMemoryStore({ maxPendingDeliveries: 10 });
    const body = '{"id":"evt_1","type":"charge.refunded"}';
    const signature = createHmac('sha256', 'right').update(`${NOW_S}.${body}`).digest('hex');
    const before = await startSources(t, {
      sources: { stripe: { provider: 'stripe', secrets: ['x'] } },
      store,
    });
    await post(`${before.url}/webhooks/stripe`, body, { 'Stripe-Signature': `t=${NOW_S},v1=${signature}` });
    const [{ id }] = ((await before.admin('/rejected')).json as Page).rejected as [Summary];
    const after = await startSources(t, {
      sources: { stripe: { provider: 'stripe', secrets: ['right'] } },
      store,
    });
    await after.clock.advance(3_600_000);
    const { json } = await after.admin(`/rejected/${id}/reverify`, 'POST');
    assert.equal(json.outcome, 'accepted');
  });
});
