import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { StoreError } from '../../src/domain/errors.ts';
import { openMemoryStore } from '../../src/store/memory/open.ts';
import { exchange, rawHead, rawPost } from '../../testkit/raw-http.ts';
import { NOW_S, postSigned, startSources } from './sources-support.ts';
import { assertProblem, post, request, retryAfterOf } from './support.ts';

const SECRET = 's3cret-s3cret';
const GITHUB = { github: { provider: 'github', secrets: [SECRET] } } as const;
const PUSH = '{"ref":"refs/heads/main","n":12345678901234567890}';

const push = (url: string, delivery: string, body = PUSH, secret = SECRET) =>
  postSigned(`${url}/webhooks/github`, {
    provider: 'github',
    secret,
    body,
    headers: { 'content-type': 'application/json', 'X-GitHub-Event': 'push', 'X-GitHub-Delivery': delivery },
  });

describe('a source with verification', () => {
  it('takes what is signed: named and typed as the provider does, byte for byte', async (t) => {
    const { url, store, stored, metric } = await startSources(t, { sources: GITHUB });
    const answer = await push(url, 'd-1');
    assert.equal(answer.status, 202);
    const { id, created_at } = answer.json as Record<string, string>;
    assert.deepEqual(answer.json, { id, idempotency_key: 'd-1', status: 'pending', created_at });
    const event = (await store.readEvent(id!))!;
    assert.equal(event.eventType, 'push');
    assert.equal(Buffer.from(event.body).toString(), PUSH);
    assert.equal((await stored('github', 'd-1'))?.id, id);
    assert.equal(await metric('webhook_events_total{result="accepted",source="github",reason=""}'), 1);
  });

  it('refuses what is not, with 401, in words that give nothing away', async (t) => {
    const { url, store, metric } = await startSources(t, { sources: GITHUB });
    for (const [reason, ask] of [
      ['wrong_signature', () => push(url, 'd-1', PUSH, 'another')],
      ['missing_signature', () => post(`${url}/webhooks/github`, PUSH)],
      [
        'malformed_signature',
        () => post(`${url}/webhooks/github`, PUSH, { 'X-Hub-Signature-256': 'sha256=zz' }),
      ],
    ] as const) {
      const answer = await ask();
      const { detail } = assertProblem(answer, 'unverified');
      assert.ok(detail.length > 0);
      assert.doesNotMatch(answer.text, new RegExp(`${SECRET}|refs`));
      assert.ok(answer.header('www-authenticate') !== undefined);
      const line = `webhook_events_total{result="rejected",source="github",reason="${reason}"}`;
      assert.equal(await metric(line), 1);
    }
    assert.equal((await store.stats()).events, 0);
  });

  it('verifies before it looks for the key: a forger does not learn what is known', async (t) => {
    const { url } = await startSources(t, { sources: GITHUB });
    assert.equal((await push(url, 'd-1')).status, 202);
    const known = await push(url, 'd-1', PUSH, 'another');
    const unknown = await push(url, 'd-2', PUSH, 'another');
    assert.equal(known.status, 401);
    assert.equal(known.text, unknown.text);
  });

  it('takes any of several secrets', async (t) => {
    const { url } = await startSources(t, {
      sources: { github: { provider: 'github', secrets: ['new-secret', SECRET] } },
    });
    assert.equal((await push(url, 'd-1', '{"a":1}', 'new-secret')).status, 202);
    assert.equal((await push(url, 'd-2', '{"a":2}', SECRET)).status, 202);
    assert.equal((await push(url, 'd-3', '{"a":3}', 'old')).status, 401);
  });

  it('knows a repetition under another id by its body, for as long as the window', async (t) => {
    const window = { ...GITHUB.github, replayWindowMs: 60_000 };
    const { url, clock, metric } = await startSources(t, { sources: { github: window, other: window } });
    const first = await push(url, 'd-1');
    await clock.advance(60_000);
    const again = await push(url, 'd-2');
    assert.deepEqual([again.status, again.json.id], [200, first.json.id]);
    assert.equal(
      await metric('webhook_events_total{result="duplicate",source="github",reason="",by="mark"}'),
      1,
    );
    await clock.advance(1);
    const later = await push(url, 'd-3');
    assert.equal(later.status, 202);
    assert.equal((await push(url, 'd-4', `${PUSH} `)).status, 202);
    const elsewhere = await postSigned(`${url}/webhooks/other`, {
      provider: 'github',
      secret: SECRET,
      body: PUSH,
      headers: { 'X-GitHub-Event': 'push', 'X-GitHub-Delivery': 'd-1' },
    });
    assert.equal(elsewhere.status, 202);
  });

  it('takes bodies of any content type, of none, and none at all', async (t) => {
    const { url, port, store } = await startSources(t, { sources: { ...GITHUB, default: null } });
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    const bodies: [string | undefined, Buffer][] = [
      ['application/x-www-form-urlencoded', Buffer.from('payload=%7B%7D')],
      ['text/xml; charset=latin1', bytes],
      ['text/plain', Buffer.from('x\r\n')],
      ['multipart/form-data; boundary=x', Buffer.from('--x--')],
      ['nonsense', Buffer.from('{')],
      [undefined, Buffer.from('[]')],
    ];
    for (const [i, [type, body]] of bodies.entries()) {
      const signature = createHmac('sha256', SECRET).update(body).digest('hex');
      const headers = [`X-Hub-Signature-256: sha256=${signature}`, `X-GitHub-Delivery: t-${i}`];
      if (type !== undefined) headers.push(`Content-Type: ${type}`);
      const answer = (await exchange(port, rawPost(body, { target: '/webhooks/github', headers })))!;
      assert.equal(answer.status, 202, answer.text());
      const event = (await store.readEvent((answer.json() as { id: string }).id))!;
      assert.equal(event.contentType, type ?? '');
      assert.deepEqual(Buffer.from(event.body), body);
    }
    const gzip = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
    assertProblem(await post(`${url}/webhooks`, PUSH, gzip), 'unsupported_media_type');
    assertProblem(
      await post(`${url}/webhooks`, PUSH, { 'content-type': 'text/plain' }),
      'unsupported_media_type',
    );
  });

  it('takes the bytes of any content encoding as they are, with the header', async (t) => {
    const { url, store } = await startSources(t, { sources: GITHUB });
    for (const encoding of ['gzip', 'br', 'identity, gzip']) {
      const body = gzipSync(JSON.stringify({ encoding }));
      const answer = await postSigned(`${url}/webhooks/github`, {
        ...{ provider: 'github', secret: SECRET, body },
        headers: { 'content-encoding': encoding, 'content-type': 'application/json' },
      });
      assert.equal(answer.status, 202, answer.text);
      const event = (await store.readEvent(String(answer.json.id)))!;
      assert.deepEqual(Buffer.from(event.body), body);
      const at = event.headers.findIndex((name) => name.toLowerCase() === 'content-encoding');
      assert.equal(event.headers[at + 1], encoding);
    }
  });

  describe('events by other methods than POST', () => {
    const ZENDESK = { provider: 'zendesk', secrets: [SECRET] };
    const signed = (body: string, secret = SECRET) => {
      const timestamp = new Date(NOW_S * 1000).toISOString();
      const signature = createHmac('sha256', secret)
        .update(timestamp + body)
        .digest('base64');
      return [
        `X-Zendesk-Webhook-Signature-Timestamp: ${timestamp}`,
        `X-Zendesk-Webhook-Signature: ${signature}`,
      ];
    };

    it('are taken where the provider sends them so, with their bodies', async (t) => {
      const { port, store } = await startSources(t, { sources: { zd: ZENDESK } });
      for (const method of ['PUT', 'PATCH', 'DELETE']) {
        const body = `{"id":"${method}","type":"t"}`;
        const head = rawHead(method, '/webhooks/zd', signed(body), body.length);
        const answer = (await exchange(port, head + body))!;
        assert.equal(answer.status, 202, `${method}: ${answer.text()}`);
        const event = (await store.readEvent((answer.json() as { id: string }).id))!;
        assert.deepEqual([event.method, Buffer.from(event.body).toString()], [method, body]);
      }
      assert.equal(
        (await exchange(port, rawHead('DELETE', '/webhooks/zd', signed('', 'x'), 0)))!.status,
        401,
      );
    });

    it('come by GET without a body, and one that is sent all the same is not read', async (t) => {
      const { url, port, store } = await startSources(t, {
        sources: { tw: { provider: 'twilio', secrets: [SECRET], publicUrl: 'https://pub.example/tw' } },
      });
      const signature = createHmac('sha1', SECRET).update('https://pub.example/tw?Body=x').digest('base64');
      const head = [`X-Twilio-Signature: ${signature}`, 'I-Twilio-Idempotency-Token: t-1'];
      const answer = (await exchange(port, rawHead('GET', '/webhooks/tw?Body=x', head, 0)))!;
      assert.equal(answer.status, 200, answer.text());
      assert.equal((await store.stats()).events, 1);
      const more = (await exchange(port, `${rawHead('GET', '/webhooks/tw?Body=x', head, 3)}abc`))!;
      assert.equal(more.status, 200);
      assert.equal(more.header('connection'), 'close');
      assert.equal((await store.stats()).events, 1);
      assertProblem(await request(`${url}/webhooks/tw?Body=y`), 'unverified');
      assert.equal((await request(`${url}/webhooks/tw?Body=x`, { method: 'HEAD' })).status, 404);
    });

    it('are refused where it does not, and Allow names those that are', async (t) => {
      const { url, port } = await startSources(t, { sources: { zd: ZENDESK, ...GITHUB, plain: null } });
      for (const name of ['github', 'plain']) {
        assert.equal((await exchange(port, rawHead('PUT', `/webhooks/${name}`, [], 0)))!.status, 405);
        assertProblem(await request(`${url}/webhooks/${name}`), 'not_found');
      }
      const options = await request(`${url}/webhooks/zd`, { method: 'OPTIONS' });
      assertProblem(options, 'method_not_allowed');
      assert.match(options.header('allow')!, /DELETE, GET, (HEAD, )?PATCH, POST, PUT/);
    });

    it('do not take the place of the question for an event by its key', async (t) => {
      const { url } = await startSources(t, { sources: { default: ZENDESK } });
      assertProblem(await request(`${url}/webhooks?idempotency_key=a`), 'not_found');
      assertProblem(await request(`${url}/webhooks`), 'unverified');
    });
  });

  it('leaves a source without verification as it was', async (t) => {
    const { url } = await startSources(t, { sources: { ...GITHUB, plain: null } });
    const body = { idempotency_key: 'k', event_type: 't', payload: {} };
    assert.equal((await post(`${url}/webhooks/plain`, body)).status, 202);
    assertProblem(await post(`${url}/webhooks/plain`, '{'), 'malformed_json');
    assertProblem(await post(`${url}/webhooks/nobody`, body), 'unknown_source');
  });

  it("goes by the user's own scheme, key and type", async (t) => {
    const { url, stored } = await startSources(t, {
      sources: {
        partner: {
          schemes: [{ alg: 'hmac', hash: 'sha512', sig: { from: 'header:X-Sig', enc: 'base64' } }],
          secrets: [SECRET],
          identity: { idempotencyKey: ['{header:X-Id}'], eventType: ['{body:/type}'] },
          reply: { status: 200, body: 'thanks', contentType: 'text/html' },
        },
      },
    });
    const body = '{"type":"parcel.lost"}';
    const signature = createHmac('sha512', SECRET).update(body).digest('base64');
    const send = (id: string) => post(`${url}/webhooks/partner`, body, { 'X-Sig': signature, 'X-Id': id });
    for (const id of ['a', 'b']) {
      const answer = await send(id);
      assert.deepEqual([answer.status, answer.text], [200, 'thanks']);
      assert.equal(answer.header('content-type'), 'text/html');
    }
    assert.equal((await stored('partner', 'a'))?.eventType, 'parcel.lost');
    // Another id is another event, whatever its body says.
    assert.equal((await stored('partner', 'b'))?.eventType, 'parcel.lost');
  });

  it('answers as each provider expects', async (t) => {
    const hello = 'Hello API Event Received';
    const { url } = await startSources(t, {
      sources: {
        xero: { provider: 'xero', secrets: [SECRET] },
        shopify: { provider: 'shopify', secrets: [SECRET] },
        'dropbox-sign': { provider: 'dropbox-sign', secrets: [SECRET] },
        stripe: { provider: 'stripe', secrets: [SECRET] },
      },
    });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const eventTime = String(NOW_S);
    const hash = createHmac('sha256', SECRET).update(`${eventTime}signature_request_sent`).digest('hex');
    const sign = { event: { event_time: eventTime, event_type: 'signature_request_sent', event_hash: hash } };
    const answers = {
      xero: await postSigned(`${url}/webhooks/xero`, {
        provider: 'xero',
        secret: SECRET,
        body: '{"events":[{}]}',
      }),
      shopify: await postSigned(`${url}/webhooks/shopify`, {
        provider: 'shopify',
        secret: SECRET,
        body: '{}',
      }),
      'dropbox-sign': await post(
        `${url}/webhooks/dropbox-sign`,
        String(new URLSearchParams({ json: JSON.stringify(sign) })),
        form,
      ),
      stripe: await postSigned(`${url}/webhooks/stripe`, {
        provider: 'stripe',
        secret: SECRET,
        body: '{"id":"evt_1","type":"charge.refunded"}',
      }),
    };
    assert.deepEqual([answers.xero.status, answers.xero.text], [200, '']);
    assert.equal(answers.shopify.status, 200);
    assert.deepEqual([answers['dropbox-sign'].status, answers['dropbox-sign'].text], [200, hello]);
    assert.equal(answers['dropbox-sign'].header('content-type'), 'text/plain');
    assert.match(String(answers.stripe.status), /^2/);
    const probe = await post(`${url}/webhooks/xero`, '{}', { 'x-xero-signature': 'AAAA' });
    assert.deepEqual([probe.status, probe.text, probe.header('set-cookie')], [401, '', undefined]);
  });

  it('answers those that want certain words with them, a drain of Vercel with its token', async (t) => {
    const key = '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056';
    const { url } = await startSources(t, {
      sources: {
        adyen: { provider: 'adyen', secrets: [key] },
        drain: { provider: 'vercel-log-drains', secrets: [SECRET], params: { verifyToken: 'shown-there' } },
      },
    });
    const item = {
      pspReference: '7914073381342284',
      originalReference: '',
      merchantAccountCode: 'TestMerchant',
      merchantReference: 'TestPayment-1407325143704',
      amount: { value: 1130, currency: 'EUR' },
      eventCode: 'AUTHORISATION',
      success: 'true',
    };
    const signed = '7914073381342284::TestMerchant:TestPayment-1407325143704:1130:EUR:AUTHORISATION:true';
    const hmacSignature = createHmac('sha256', Buffer.from(key, 'hex')).update(signed).digest('base64');
    const NotificationRequestItem = { ...item, additionalData: { hmacSignature } };
    const adyen = await post(`${url}/webhooks/adyen`, {
      live: 'false',
      notificationItems: [{ NotificationRequestItem }],
    });
    assert.deepEqual([adyen.status, adyen.text], [200, '[accepted]']);
    assert.equal(adyen.header('content-type'), 'text/plain');
    const drain = await request(`${url}/webhooks/drain`, { method: 'POST' });
    assert.deepEqual([drain.status, drain.text, drain.header('x-vercel-verify')], [200, '', 'shown-there']);
  });

  it('verifies the URL that the sender knows, whatever a proxy makes of it', async (t) => {
    const square = { provider: 'square', secrets: [SECRET] } as const;
    const own = 'https://hooks.example.com/in/square';
    const { url } = await startSources(t, {
      publicUrl: 'https://hooks.example.com/base',
      sources: { square: { ...square, publicUrl: own }, base: square },
    });
    const send = (name: string, publicUrl: string, body: string) =>
      postSigned(`${url}/webhooks/${name}`, { provider: 'square', secret: SECRET, publicUrl, body });
    assert.equal((await send('square', own, '{"event_id":"1"}')).status, 202);
    assert.equal((await send('square', `${url}/webhooks/square`, '{"event_id":"2"}')).status, 401);
    const base = 'https://hooks.example.com/base/webhooks/base';
    assert.equal((await send('base', base, '{"event_id":"3"}')).status, 202);
    const bare = await startSources(t, { sources: { square } });
    const asReceived = `${bare.url}/webhooks/square`;
    const body = '{"event_id":"4"}';
    const plain = await postSigned(asReceived, { provider: 'square', secret: SECRET, body });
    assert.equal(plain.status, 202);
  });

  it('asks for user and password where the scheme is that', async (t) => {
    const { url } = await startSources(t, {
      sources: { postmark: { schemes: [{ alg: 'basic' }], secrets: ['user:pass'] } },
    });
    const answer = await post(`${url}/webhooks/postmark`, '{}');
    assert.match(answer.header('www-authenticate') ?? '', /^Basic /);
    const authorization = `Basic ${Buffer.from('user:pass').toString('base64')}`;
    assert.equal((await post(`${url}/webhooks/postmark`, '{}', { authorization })).status, 202);
  });

  describe('answers its own trouble with 503 or 429, never with what makes a provider stop', () => {
    it('a store that fails', async (t) => {
      const store = {
        ...openMemoryStore({ maxPendingDeliveries: 10 }),
        insertEvent: () => Promise.reject(new StoreError('STORE_FULL', 'the disk is full')),
      };
      const { url } = await startSources(t, { sources: GITHUB, store });
      const answer = await push(url, 'd-1');
      assertProblem(answer, 'store_error');
      retryAfterOf(answer);
    });

    it('a full queue, which a known key does not feel', async (t) => {
      const { url } = await startSources(t, { sources: GITHUB, maxPending: 1 });
      assert.equal((await push(url, 'd-1')).status, 202);
      const answer = await push(url, 'd-2', '{"other":1}');
      assertProblem(answer, 'queue_full');
      retryAfterOf(answer);
      assert.equal((await push(url, 'd-1')).status, 200);
      assert.equal((await push(url, 'd-2', '{"other":1}', 'another')).status, 401);
    });

    it('keys that cannot be fetched, of which nothing is kept', async (t) => {
      const { url, store, metric } = await startSources(t, {
        sources: { sns: { provider: 'aws-sns', params: { topicArn: 'arn:aws:sns:us-east-1:1:T' } } },
        keys: { fetchText: () => Promise.reject(new Error('connect ECONNREFUSED')) },
      });
      const body = {
        Type: 'Notification',
        MessageId: 'm-1',
        TopicArn: 'arn:aws:sns:us-east-1:1:T',
        Message: 'hello',
        Timestamp: '2025-10-09T08:53:20.000Z',
        SignatureVersion: '2',
        Signature: Buffer.alloc(256, 1).toString('base64'),
        SigningCertURL: 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem',
      };
      const answer = await post(`${url}/webhooks/sns`, body, { 'content-type': 'text/plain' });
      assertProblem(answer, 'keys_unavailable');
      retryAfterOf(answer);
      assert.deepEqual((await store.listRejected(10, null, null)).requests, []);
      const line = 'webhook_events_total{result="rejected",source="sns",reason="keys_unavailable"}';
      assert.equal(await metric(line), 1);
    });

    it('a secret that has not come yet', async (t) => {
      const { url } = await startSources(t, { sources: { notion: { provider: 'notion' } } });
      const answer = await post(`${url}/webhooks/notion`, '{"id":"1"}', {
        'X-Notion-Signature': 'sha256=00',
      });
      assertProblem(answer, 'keys_unavailable');
      retryAfterOf(answer);
    });
  });

  it('takes a handshake that a provider does not sign without touching the store', async (t) => {
    const { url, store } = await startSources(t, {
      sources: { woo: { provider: 'woocommerce', secrets: [SECRET] } },
    });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await request(`${url}/webhooks/woo`, {
      method: 'POST',
      headers: form,
      body: 'webhook_id=5',
    });
    assert.deepEqual([answer.status, answer.text], [200, '']);
    assert.equal((await store.stats()).events, 0);
    assertProblem(
      await request(`${url}/webhooks/woo`, { method: 'POST', headers: form, body: 'a=5' }),
      'unverified',
    );
  });
});
