import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { suite, test } from 'node:test';
import { type VerifyWebhookOptions, verifyWebhook } from '../index.ts';

// Signed here by hand from the providers' documentation, not by what is tested.

const NOW = 1_760_000_000;
const SECRET = 's3cret with a ü';
const URL_OF_SOURCE = 'https://hooks.example.com/in/source';
const JSON_BODY = '{"id":"evt_1","type":"a.b","text":"höllo"}';

type Request = Pick<VerifyWebhookOptions, 'headers'> & { body: string; url?: string };
type Case = Readonly<{
  provider: string;
  /** How the request is signed, at a time in Unix seconds. */
  sign: (now: number) => Request;
  secret?: string;
  publicKey?: string;
  params?: Readonly<Record<string, string>>;
  certs?: Readonly<Record<string, string>>;
  /** Seconds to either side; null: age is not judged. */
  window: number | null;
  /** What is changed must be noticed; absent where the body is not covered. */
  tamper?: readonly [from: string, to: string];
}>;

const hmac = (hash: string, text: string, key: string = SECRET) => createHmac(hash, key).update(text);
const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex');
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const rawPublicKey = (key: KeyObject) => Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url');

const BODY_CHANGE = ['a.b', 'a.c'] as const;
const ed25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const MAILGUN_TOKEN = 'd8f5c0f1a2b34c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e';
const PAYMOB =
  '{"type":"TRANSACTION","obj":{"id":1,"pending":false,"amount_cents":4200,"success":true,"is_auth":false,"is_capture":false,' +
  '"is_standalone_payment":true,"is_voided":false,"is_refunded":false,"is_3d_secure":true,"integration_id":6741,' +
  '"has_parent_transaction":false,"order":{"id":77},"created_at":"2025-10-09T08:53:20","currency":"EGP","error_occured":false,' +
  '"owner":4705,"source_data":{"pan":"2346","type":"card","sub_type":"MasterCard"}}}';

function hs256(claims: object, alg = 'HS256'): string {
  const signed = `${base64url({ alg, typ: 'JWT' })}.${base64url(claims)}`;
  return `${signed}.${hmac('sha256', signed).digest('base64url')}`;
}

const CASES: readonly Case[] = [
  {
    provider: 'paddle',
    window: 5,
    tamper: BODY_CHANGE,
    sign: (ts) => ({
      headers: { 'Paddle-Signature': `ts=${ts};h1=${hmac('sha256', `${ts}:${JSON_BODY}`).digest('hex')}` },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'mailgun',
    window: 43_200,
    tamper: [MAILGUN_TOKEN, `0${MAILGUN_TOKEN.slice(1)}`],
    sign: (ts) => {
      const signature = hmac('sha256', `${ts}${MAILGUN_TOKEN}`).digest('hex');
      const body = {
        signature: { timestamp: `${ts}`, token: MAILGUN_TOKEN, signature },
        'event-data': { id: 'e1', event: 'opened' },
      };
      return { headers: {}, body: JSON.stringify(body) };
    },
  },
  {
    provider: 'pagerduty',
    window: null,
    tamper: BODY_CHANGE,
    sign: () => ({
      headers: {
        'X-PagerDuty-Signature': `v1=${'0'.repeat(64)},v1=${hmac('sha256', JSON_BODY).digest('hex')}`,
      },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'netlify',
    window: null,
    tamper: BODY_CHANGE,
    sign: () => ({
      headers: { 'X-Webhook-Signature': hs256({ iss: 'netlify', sha256: sha256Hex(JSON_BODY) }) },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'workos',
    window: 180,
    tamper: BODY_CHANGE,
    sign: (now) => {
      const ts = now * 1000;
      return {
        headers: { 'WorkOS-Signature': `t=${ts}, v1=${hmac('sha256', `${ts}.${JSON_BODY}`).digest('hex')}` },
        body: JSON_BODY,
      };
    },
  },
  {
    provider: 'sanity',
    window: null,
    tamper: BODY_CHANGE,
    sign: (now) => {
      const ts = now * 1000;
      return {
        headers: {
          'sanity-webhook-signature': `t=${ts},v1=${hmac('sha256', `${ts}.${JSON_BODY}`).digest('base64url')}`,
        },
        body: JSON_BODY,
      };
    },
  },
  {
    provider: 'telnyx',
    publicKey: rawPublicKey(ed25519.publicKey).toString('base64'),
    window: 300,
    tamper: BODY_CHANGE,
    sign: (ts) => ({
      headers: {
        'telnyx-timestamp': `${ts}`,
        'telnyx-signature-ed25519': sign(
          null,
          Buffer.from(`${ts}|${JSON_BODY}`),
          ed25519.privateKey,
        ).toString('base64'),
      },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'gocardless',
    window: null,
    tamper: BODY_CHANGE,
    sign: () => ({
      headers: { 'Webhook-Signature': hmac('sha256', JSON_BODY).digest('hex') },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'trello',
    window: null,
    tamper: BODY_CHANGE,
    sign: () => ({
      headers: { 'X-Trello-Webhook': hmac('sha1', JSON_BODY + URL_OF_SOURCE).digest('base64') },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'customer-io',
    window: 300,
    tamper: BODY_CHANGE,
    sign: (ts) => ({
      headers: {
        'X-CIO-Timestamp': `${ts}`,
        'X-CIO-Signature': hmac('sha256', `v0:${ts}:${JSON_BODY}`).digest('hex'),
      },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'webflow',
    window: 300,
    tamper: BODY_CHANGE,
    sign: (now) => {
      const ts = now * 1000;
      return {
        headers: {
          'x-webflow-timestamp': `${ts}`,
          'x-webflow-signature': hmac('sha256', `${ts}:${JSON_BODY}`).digest('hex'),
        },
        body: JSON_BODY,
      };
    },
  },
  {
    provider: 'zendesk',
    window: 300,
    tamper: BODY_CHANGE,
    sign: (now) => {
      const ts = new Date(now * 1000).toISOString().replace('.000Z', 'Z');
      return {
        headers: {
          'X-Zendesk-Webhook-Signature-Timestamp': ts,
          'X-Zendesk-Webhook-Signature': hmac('sha256', ts + JSON_BODY).digest('base64'),
        },
        body: JSON_BODY,
      };
    },
  },
  {
    provider: 'azure-event-grid',
    window: null,
    sign: () => ({ headers: {}, body: '[]', url: `${URL_OF_SOURCE}?code=${encodeURIComponent(SECRET)}` }),
  },
  {
    provider: 'azure-event-grid',
    secret: 'ascii-secret',
    window: null,
    sign: () => ({ headers: { 'aeg-webhook-secret': 'ascii-secret' }, body: '[]' }),
  },
  {
    provider: 'linkedin',
    window: null,
    tamper: BODY_CHANGE,
    sign: () => ({
      headers: { 'X-LI-Signature': hmac('sha256', `hmacsha256=${JSON_BODY}`).digest('hex') },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'ebay',
    certs: { 'key-1': p256.publicKey.export({ format: 'pem', type: 'spki' }).toString() },
    window: null,
    tamper: BODY_CHANGE,
    sign: () => {
      const signature = sign('sha1', Buffer.from(JSON_BODY), p256.privateKey).toString('base64');
      const header = JSON.stringify({ alg: 'ECDSA', kid: 'key-1', signature, digest: 'SHA1' });
      return { headers: { 'X-EBAY-SIGNATURE': Buffer.from(header).toString('base64') }, body: JSON_BODY };
    },
  },
  {
    provider: 'strava',
    window: null,
    sign: () => ({
      headers: {},
      body: JSON_BODY,
      url: `${URL_OF_SOURCE}?token=${encodeURIComponent(SECRET)}`,
    }),
  },
  {
    provider: 'mailchimp',
    window: null,
    sign: () => ({
      headers: {},
      body: 'type=subscribe',
      url: `${URL_OF_SOURCE}?secret=${encodeURIComponent(SECRET)}`,
    }),
  },
  {
    provider: 'ringcentral',
    secret: 'ascii-secret',
    window: null,
    sign: () => ({ headers: { 'Verification-Token': 'ascii-secret' }, body: JSON_BODY }),
  },
  {
    provider: 'clio',
    window: null,
    tamper: BODY_CHANGE,
    sign: () => ({
      headers: { 'X-Hook-Signature': hmac('sha256', JSON_BODY).digest('hex') },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'vercel-log-drains',
    window: null,
    tamper: BODY_CHANGE,
    sign: () => ({
      headers: { 'x-vercel-signature': hmac('sha1', JSON_BODY).digest('hex') },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'favro',
    window: null,
    tamper: ['p1', 'p2'],
    sign: () => ({
      headers: { 'X-Favro-Webhook': hmac('sha1', `p1${URL_OF_SOURCE}`).digest('base64') },
      body: '{"payloadId":"p1","action":"created"}',
    }),
  },
  {
    provider: 'knock',
    window: 300,
    tamper: BODY_CHANGE,
    sign: (now) => {
      const ts = now * 1000;
      return {
        headers: {
          'x-knock-signature': `t=${ts},s=${hmac('sha256', `${ts}.${JSON_BODY}`).digest('base64')}`,
        },
        body: JSON_BODY,
      };
    },
  },
  {
    provider: 'orb',
    window: 300,
    tamper: BODY_CHANGE,
    sign: (now) => {
      // As Orb writes it, without a zone.
      const ts = new Date(now * 1000).toISOString().replace('Z', '');
      return {
        headers: {
          'X-Orb-Timestamp': ts,
          'X-Orb-Signature': `v1=${hmac('sha256', `v1:${ts}:${JSON_BODY}`).digest('hex')}`,
        },
        body: JSON_BODY,
      };
    },
  },
  {
    provider: 'revolut',
    window: 300,
    tamper: BODY_CHANGE,
    sign: (now) => {
      const ts = now * 1000;
      const signature = hmac('sha256', `v1.${ts}.${JSON_BODY}`).digest('hex');
      return {
        headers: {
          'Revolut-Request-Timestamp': `${ts}`,
          'Revolut-Signature': `v1=${'0'.repeat(64)},v1=${signature}`,
        },
        body: JSON_BODY,
      };
    },
  },
  {
    provider: 'synctera',
    window: 300,
    tamper: BODY_CHANGE,
    sign: (ts) => ({
      headers: {
        'Request-Timestamp': `${ts}`,
        'Synctera-Signature': `${'0'.repeat(64)}.${hmac('sha256', `${ts}.${JSON_BODY}`).digest('hex')}`,
      },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'persona',
    window: 300,
    tamper: BODY_CHANGE,
    sign: (ts) => ({
      headers: {
        'Persona-Signature': `t=${ts - 1},v1=${'0'.repeat(64)} t=${ts},v1=${hmac('sha256', `${ts}.${JSON_BODY}`).digest('hex')}`,
      },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'nmi',
    window: null,
    tamper: BODY_CHANGE,
    sign: () => ({
      headers: { 'Webhook-Signature': `t=f3c1e9,s=${hmac('sha256', `f3c1e9.${JSON_BODY}`).digest('hex')}` },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'retell',
    window: 300,
    tamper: BODY_CHANGE,
    sign: (now) => {
      const ts = now * 1000;
      return {
        headers: { 'X-Retell-Signature': `v=${ts},d=${hmac('sha256', `${JSON_BODY}${ts}`).digest('hex')}` },
        body: JSON_BODY,
      };
    },
  },
  {
    provider: 'walmart',
    window: 300,
    tamper: BODY_CHANGE,
    sign: (ts) => ({
      headers: {
        'WM_SEC.TIMESTAMP': `${ts}`,
        'WM_SEC.SIGNATURE': hmac('sha256', `POST\n/in/source\n${ts}\n${sha256Hex(JSON_BODY)}`).digest(
          'base64',
        ),
      },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'tebex',
    window: null,
    tamper: BODY_CHANGE,
    sign: () => ({
      headers: { 'X-Signature': hmac('sha256', sha256Hex(JSON_BODY)).digest('hex') },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'oura',
    window: null,
    tamper: BODY_CHANGE,
    sign: (ts) => ({
      headers: {
        'x-oura-timestamp': `${ts}`,
        'x-oura-signature': hmac('sha256', `${ts}${JSON_BODY}`).digest('hex').toUpperCase(),
      },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'cloudinary',
    window: 7200,
    tamper: BODY_CHANGE,
    sign: (ts) => ({
      headers: {
        'X-Cld-Timestamp': `${ts}`,
        'X-Cld-Signature': createHash('sha1').update(`${JSON_BODY}${ts}${SECRET}`).digest('hex'),
      },
      body: JSON_BODY,
    }),
  },
  {
    provider: 'recharge',
    window: null,
    tamper: BODY_CHANGE,
    sign: () => ({ headers: { 'X-Recharge-Hmac-Sha256': sha256Hex(SECRET + JSON_BODY) }, body: JSON_BODY }),
  },
  {
    provider: 'paymob',
    window: null,
    tamper: ['"amount_cents":4200', '"amount_cents":4201'],
    sign: () => {
      const signed =
        '42002025-10-09T08:53:20EGPfalsefalse16741truefalsefalsefalsetruefalse774705false2346MasterCardcardtrue';
      return {
        headers: {},
        body: PAYMOB,
        url: `${URL_OF_SOURCE}?hmac=${hmac('sha512', signed).digest('hex')}`,
      };
    },
  },
  {
    provider: 'wise',
    publicKey: rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    window: null,
    tamper: BODY_CHANGE,
    sign: () => ({
      headers: {
        'X-Signature-SHA256': sign('sha256', Buffer.from(JSON_BODY), rsa.privateKey).toString('base64'),
      },
      body: JSON_BODY,
    }),
  },
];

async function verified(one: Case, request: Request, now: number, secret?: string): Promise<boolean> {
  const { provider, publicKey, params, certs } = one;
  const isKeyed = publicKey === undefined && certs === undefined;
  const result = await verifyWebhook({
    provider,
    ...(isKeyed ? { secret: secret ?? one.secret ?? SECRET } : {}),
    ...(publicKey === undefined ? {} : { publicKey: secret ?? publicKey }),
    ...(certs === undefined ? {} : { certs: secret === undefined ? certs : { 'key-1': secret } }),
    ...(params === undefined ? {} : { params }),
    method: 'POST',
    url: request.url ?? URL_OF_SOURCE,
    headers: { 'Content-Type': contentTypeOf(request.body), ...request.headers },
    body: Buffer.from(request.body),
    now: now * 1000,
  });
  assert.ok(result.ok || result.reason !== 'misconfigured', result.ok ? '' : result.detail);
  return result.ok;
}

function contentTypeOf(body: string): string {
  return /^[[{]/.test(body) ? 'application/json' : 'application/x-www-form-urlencoded';
}

/** A key of the same kind that did not sign. */
function otherKey({ provider, publicKey, certs }: Case): string {
  if (publicKey === undefined && certs === undefined) return `${SECRET}.`;
  if (provider === 'telnyx') return rawPublicKey(generateKeyPairSync('ed25519').publicKey).toString('base64');
  const other =
    certs === undefined
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return other.publicKey.export({ format: 'pem', type: 'spki' }).toString();
}

suite('requests signed by hand', () => {
  for (const one of CASES) {
    test(`${one.provider}: as signed, and nothing else`, async () => {
      const request = one.sign(NOW);
      assert.equal(await verified(one, request, NOW), true, 'as signed');
      assert.equal(await verified(one, request, NOW, otherKey(one)), false, 'another key');
      assert.equal(
        await verified(one, { ...request, headers: {}, url: URL_OF_SOURCE, body: '{}' }, NOW),
        false,
        'unsigned',
      );
      if (one.tamper === undefined) return;
      const body = request.body.replace(...(one.tamper as [string, string]));
      assert.notEqual(body, request.body);
      assert.equal(await verified(one, { ...request, body }, NOW), false, 'another body');
    });

    test(`${one.provider}: ${one.window === null ? 'of any age' : `within ${one.window} s to either side`}`, async () => {
      const request = one.sign(NOW);
      if (one.window === null) {
        for (const days of [-300, 300]) assert.equal(await verified(one, request, NOW + days * 86_400), true);
        return;
      }
      for (const side of [-1, 1]) {
        assert.equal(await verified(one, request, NOW + side * one.window), true, 'at the bound');
        assert.equal(await verified(one, request, NOW + side * (one.window + 1)), false, 'beyond it');
      }
    });
  }

  test('mailgun: the form of an inbound route, and the signature of the account above', async () => {
    const signature = hmac('sha256', `${NOW}${MAILGUN_TOKEN}`).digest('hex');
    const one = CASES.find(({ provider }) => provider === 'mailgun')!;
    const form = `timestamp=${NOW}&token=${MAILGUN_TOKEN}&signature=${signature}&from=ada%40example.org`;
    assert.equal(await verified(one, { headers: {}, body: form }, NOW), true);
    assert.equal(await verified(one, { headers: {}, body: form.replace('token=d', 'token=e') }, NOW), false);
    const above = {
      timestamp: `${NOW}`,
      token: MAILGUN_TOKEN,
      signature: '0'.repeat(64),
      'parent-signature': signature,
    };
    assert.equal(await verified(one, { headers: {}, body: JSON.stringify({ signature: above }) }, NOW), true);
  });

  test('mailgun: a digit of the token is none of the time', async () => {
    const one = CASES.find(({ provider }) => provider === 'mailgun')!;
    const token = `7${MAILGUN_TOKEN}`;
    const signature = hmac('sha256', `${NOW}${token}`).digest('hex');
    const moved = { timestamp: `${NOW}7`, token: MAILGUN_TOKEN, signature };
    assert.equal(
      await verified(one, { headers: {}, body: JSON.stringify({ signature: moved }) }, NOW),
      false,
    );
  });

  test('adyen: a colon inside a value does not stand for one between two', async () => {
    const item = (pspReference: string, originalReference: string) => {
      const hmacSignature = createHmac('sha256', Buffer.from('ab'.repeat(32), 'hex'))
        .update('a:b:M:r:1:EUR:E:true')
        .digest('base64');
      const NotificationRequestItem = {
        pspReference,
        originalReference,
        merchantAccountCode: 'M',
        merchantReference: 'r',
        amount: { value: 1, currency: 'EUR' },
        eventCode: 'E',
        success: 'true',
        additionalData: { hmacSignature },
      };
      return { headers: {}, body: JSON.stringify({ notificationItems: [{ NotificationRequestItem }] }) };
    };
    const one: Case = {
      provider: 'adyen',
      secret: 'ab'.repeat(32),
      window: null,
      sign: () => item('a', 'b'),
    };
    assert.equal(await verified(one, item('a', 'b'), NOW), true);
    const shifted = item('a', 'b');
    shifted.body = shifted.body
      .replace(
        '"pspReference":"a","originalReference":"b","merchantAccountCode":"M"',
        '"pspReference":"a:b","originalReference":"M","merchantAccountCode":"r"',
      )
      .replace('"merchantReference":"r"', '"merchantReference":"1"');
    assert.equal(await verified(one, shifted, NOW), false);
  });

  test('discord: a digit of the time is none of the body', async () => {
    const signature = sign(null, Buffer.from(`${NOW}5{}`), ed25519.privateKey).toString('hex');
    const publicKey = rawPublicKey(ed25519.publicKey).toString('hex');
    const one: Case = { provider: 'discord', publicKey, window: null, sign: () => ({ body: '' }) };
    const at = (ts: string, body: string) =>
      verified(
        one,
        { headers: { 'X-Signature-Timestamp': ts, 'X-Signature-Ed25519': signature }, body },
        NOW,
      );
    assert.equal(await at(`${NOW}`, '5{}'), true);
    assert.equal(await at(`${NOW}5`, '{}'), false);
  });

  test('netlify: another issuer, another algorithm', async () => {
    const one = CASES.find(({ provider }) => provider === 'netlify')!;
    const claims = { iss: 'netlify', sha256: sha256Hex(JSON_BODY) };
    for (const token of [
      hs256({ ...claims, iss: 'other' }),
      hs256(claims, 'HS512'),
      `${base64url({ alg: 'none' })}.${base64url(claims)}.`,
    ]) {
      assert.equal(
        await verified(one, { headers: { 'X-Webhook-Signature': token }, body: JSON_BODY }, NOW),
        false,
      );
    }
  });
});
