import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { verifyWebhook } from './index.ts';

/** Providers of which no case is given: what they send is put together here by hand, from their documentation. */
const S = 1_760_000_000;
const MS = S * 1000;
const BODY = '{"id":"e1","event_type":"é"}';
const SECRET = 'c2VjcmV0';
const URL = 'https://hooks.example.com/in/x';

const mac = (text: string, encoding: 'hex' | 'base64' | 'base64url' = 'hex', hash = 'sha256') =>
  createHmac(hash, SECRET).update(text).digest(encoding);

type Given = Readonly<{
  headers: Readonly<Record<string, string>>;
  body?: string;
  now?: number;
  url?: string;
  publicKey?: string;
}>;

async function verdict(provider: string, { headers, body = BODY, now = MS, url = URL, publicKey }: Given) {
  const keys = publicKey === undefined ? { secret: SECRET } : { publicKey };
  const result = await verifyWebhook({ provider, ...keys, headers, body: Buffer.from(body), now, url });
  return result.ok ? 'ok' : result.reason;
}

type Case = readonly [what: string, given: Given, expected: string];

function cases(provider: string, list: readonly Case[]): void {
  describe(`${provider}, by hand`, () => {
    for (const [what, given, expected] of list) {
      it(what, async () => assert.equal(await verdict(provider, given), expected));
    }
  });
}

const paddle = (ts: number | string, more = '') => ({
  'Paddle-Signature': `ts=${ts};${more}h1=${mac(`${ts}:${BODY}`)}`,
});
cases('paddle', [
  ['is taken', { headers: paddle(S) }, 'ok'],
  ['is taken during a rotation', { headers: paddle(S, `h1=${mac('other')};`) }, 'ok'],
  ['is taken 5 s later', { headers: paddle(S - 5) }, 'ok'],
  ['is too old after 6 s', { headers: paddle(S - 6) }, 'stale_timestamp'],
  ['is too early by 6 s', { headers: paddle(S + 6) }, 'future_timestamp'],
  ['has its time once', { headers: paddle(S, `ts=${S};`) }, 'malformed_timestamp'],
  [
    'has no commas',
    { headers: { 'Paddle-Signature': `ts=${S},h1=${mac(`${S}:${BODY}`)}` } },
    'malformed_signature',
  ],
]);

const mailgun = (token: string, signature: string, timestamp: unknown = String(S)) =>
  JSON.stringify({
    signature: { timestamp, token, signature },
    'event-data': { id: 'i', event: 'delivered' },
  });
const form = (values: Record<string, string>) => new URLSearchParams(values).toString();
const URLENCODED = { 'Content-Type': 'application/x-www-form-urlencoded' };
cases('mailgun', [
  ['is taken', { headers: {}, body: mailgun('tok', mac(`${S}tok`)) }, 'ok'],
  ['has its own token', { headers: {}, body: mailgun('tok2', mac(`${S}tok`)) }, 'wrong_signature'],
  [
    'has lower-case hex',
    { headers: {}, body: mailgun('tok', mac(`${S}tok`).toUpperCase()) },
    'malformed_signature',
  ],
  ['has a signature', { headers: {}, body: mailgun('tok', '') }, 'missing_signature'],
  [
    'has a time in digits',
    { headers: {}, body: mailgun('tok', mac('123abctok'), '123abc') },
    'malformed_timestamp',
  ],
  [
    'is taken from a route',
    {
      headers: URLENCODED,
      body: form({ timestamp: String(S), token: 'tok', signature: mac(`${S}tok`), x: '' }),
    },
    'ok',
  ],
  [
    'has one token in a route',
    {
      headers: URLENCODED,
      body: `${form({ timestamp: String(S), token: 'tok', signature: mac(`${S}tok`) })}&token=b`,
    },
    'malformed_body',
  ],
  [
    'is taken from a route with attachments',
    {
      headers: { 'Content-Type': 'multipart/form-data; boundary=xx' },
      body: [
        ['timestamp', String(S)],
        ['token', 'tok'],
        ['signature', mac(`${S}tok`)],
      ]
        .map(([name, value]) => `--xx\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
        .concat('--xx--\r\n')
        .join(''),
    },
    'ok',
  ],
]);

cases('pagerduty', [
  ['is taken', { headers: { 'X-PagerDuty-Signature': `v1=${mac(BODY)}` } }, 'ok'],
  ['is taken with several', { headers: { 'X-PagerDuty-Signature': `v1=${mac('x')},v1=${mac(BODY)}` } }, 'ok'],
  [
    'passes over other versions',
    { headers: { 'X-PagerDuty-Signature': `v2=${mac(BODY)}` } },
    'malformed_signature',
  ],
  ['is not bare', { headers: { 'X-PagerDuty-Signature': mac(BODY) } }, 'malformed_signature'],
]);

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jws = (claims: object, header: object = { alg: 'HS256', typ: 'JWT' }) => {
  const text = `${encode(header)}.${encode(claims)}`;
  return { 'X-Webhook-Signature': `${text}.${mac(text, 'base64url')}` };
};
const sha256 = createHash('sha256').update(BODY).digest('hex');
cases('netlify', [
  ['is taken', { headers: jws({ iss: 'netlify', sha256 }) }, 'ok'],
  ['is of this body', { headers: jws({ iss: 'netlify', sha256 }), body: `${BODY} ` }, 'wrong_claim'],
  ['is of Netlify', { headers: jws({ iss: 'other', sha256 }) }, 'wrong_claim'],
  [
    'has no other algorithm',
    { headers: jws({ iss: 'netlify', sha256 }, { alg: 'none' }) },
    'malformed_signature',
  ],
]);

const workos = (ms: number, comma = ', ') => ({
  'WorkOS-Signature': `t=${ms}${comma}v1=${mac(`${ms}.${BODY}`)}`,
});
cases('workos', [
  ['is taken', { headers: workos(MS) }, 'ok'],
  ['is taken without the space', { headers: workos(MS, ',') }, 'ok'],
  ['is taken 180 s later', { headers: workos(MS - 180_000) }, 'ok'],
  ['is too old after 181 s', { headers: workos(MS - 181_000) }, 'stale_timestamp'],
  ['has its time in milliseconds', { headers: workos(S) }, 'stale_timestamp'],
]);

const sanity = (encoding: 'hex' | 'base64' | 'base64url') => ({
  'sanity-webhook-signature': `t=${MS - 9e9},v1=${mac(`${MS - 9e9}.${BODY}`, encoding)}`,
});
cases('sanity', [
  ['is taken', { headers: sanity('base64url') }, 'ok'],
  ['has no padding', { headers: sanity('base64') }, 'malformed_signature'],
]);

const ed = generateKeyPairSync('ed25519');
const publicKey = ed.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
const telnyx = (ts: number) => ({
  'telnyx-signature-ed25519': sign(null, Buffer.from(`${ts}|${BODY}`), ed.privateKey).toString('base64'),
  'telnyx-timestamp': String(ts),
});
cases('telnyx', [
  ['is taken', { headers: telnyx(S), publicKey }, 'ok'],
  ['is too old', { headers: telnyx(S - 301), publicKey }, 'stale_timestamp'],
  ['is of this body', { headers: telnyx(S), publicKey, body: 'x' }, 'wrong_signature'],
  [
    'has padding',
    {
      headers: {
        ...telnyx(S),
        'telnyx-signature-ed25519': telnyx(S)['telnyx-signature-ed25519'].replace(/=+$/, ''),
      },
      publicKey,
    },
    'malformed_signature',
  ],
]);

cases('gocardless', [
  ['is taken', { headers: { 'Webhook-Signature': mac(BODY) } }, 'ok'],
  ['has no junk behind it', { headers: { 'Webhook-Signature': `${mac(BODY)}zz` } }, 'malformed_signature'],
  ['is lower case', { headers: { 'Webhook-Signature': mac(BODY).toUpperCase() } }, 'malformed_signature'],
]);

const trello = (text: string) => ({ 'X-Trello-Webhook': mac(text, 'base64', 'sha1') });
cases('trello', [
  ['is taken', { headers: trello(BODY + URL) }, 'ok'],
  ['is of this URL', { headers: trello(BODY + URL), url: `${URL}/` }, 'wrong_signature'],
]);

const customerIo = (ts: number) => ({
  'X-CIO-Signature': mac(`v0:${ts}:${BODY}`),
  'X-CIO-Timestamp': String(ts),
});
cases('customer.io', [
  ['is taken', { headers: customerIo(S) }, 'ok'],
  ['is too old', { headers: customerIo(S - 301) }, 'stale_timestamp'],
  ['has a time', { headers: { 'X-CIO-Signature': mac(`v0::${BODY}`) } }, 'missing_timestamp'],
]);

const webflow = (ms: number) => ({
  'x-webflow-signature': mac(`${ms}:${BODY}`),
  'x-webflow-timestamp': String(ms),
});
cases('webflow', [
  ['is taken', { headers: webflow(MS) }, 'ok'],
  ['is too old', { headers: webflow(MS - 300_001) }, 'stale_timestamp'],
]);

const zendesk = (ts: string) => ({
  'X-Zendesk-Webhook-Signature': mac(ts + BODY, 'base64'),
  'X-Zendesk-Webhook-Signature-Timestamp': ts,
});
cases('zendesk', [
  ['is taken', { headers: zendesk('2025-10-09T08:53:20Z') }, 'ok'],
  ['is too old', { headers: zendesk('2025-10-09T08:48:19Z') }, 'stale_timestamp'],
  ['is too early', { headers: zendesk('2025-10-09T08:58:21Z') }, 'future_timestamp'],
  ['has its time in ISO 8601', { headers: zendesk(String(S)) }, 'malformed_timestamp'],
  ['has a date that there is', { headers: zendesk('2025-02-30T08:53:20Z') }, 'malformed_timestamp'],
]);
