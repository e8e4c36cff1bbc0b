import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Provider } from '../provider.ts';
import type { KeyRule, Scheme } from '../scheme.ts';
import { PROVIDERS } from './index.ts';

/**
 * What each provider signs and expects, from its documentation: one line each, the first scheme of several.
 * id | algorithm, hash, encoding | where the signature is | what is signed | unit and window of the timestamp | what the
 * secret's text stands for | answer to an event | handshakes, those that are verified first with a +
 */
const EXPECTED = `
standard-webhooks | hmac sha256 base64 | header:webhook-signature | {header:webhook-id}.{ts}.{body} | s 300 | whsec_base64 | 2xx | -
svix | hmac sha256 base64 | header:svix-signature | {header:svix-id}.{ts}.{body} | s 300 | whsec_base64 | 2xx | -
clerk | hmac sha256 base64 | header:svix-signature | {header:svix-id}.{ts}.{body} | s 300 | whsec_base64 | 2xx | -
resend | hmac sha256 base64 | header:svix-signature | {header:svix-id}.{ts}.{body} | s 300 | whsec_base64 | 2xx | -
openai | hmac sha256 base64 | header:webhook-signature | {header:webhook-id}.{ts}.{body} | s 300 | whsec_base64 | 2xx | -
gitlab-signing | hmac sha256 base64 | header:webhook-signature | {header:webhook-id}.{ts}.{body} | s 300 | whsec_base64 | 2xx | -
polar | hmac sha256 base64 | header:webhook-signature | {header:webhook-id}.{ts}.{body} | s 300 | text | 2xx | -
github | hmac sha256 hex | header:X-Hub-Signature-256 sha256= | {body} | - | text | 2xx | +POST
gitlab | token | header:X-Gitlab-Token | - | - | - | 2xx | -
bitbucket | hmac sha256 hex | header:X-Hub-Signature sha256= | {body} | - | text | 2xx | -
gitea | hmac sha256 hex | header:X-Gitea-Signature | {body} | - | text | 2xx | -
stripe | hmac sha256 hex | header:Stripe-Signature v1 | {ts}.{body} | s 300 | text | 2xx | -
shopify | hmac sha256 base64 | header:X-Shopify-Hmac-Sha256 | {body} | - | text | 200 | -
slack | hmac sha256 hex | header:X-Slack-Signature v0= | v0:{ts}:{body} | s 300 | text | 200 empty | +POST
twilio | hmac sha1 base64 | header:X-Twilio-Signature | {url}{form_sorted} | - | text | 200 TwiML | -
sendgrid | ecdsa-p256 base64 | header:X-Twilio-Email-Event-Webhook-Signature | {ts}{body} | s any | spki-b64 | 2xx | -
mailgun | hmac sha256 hex | body:/signature/signature | {body:/signature/timestamp}{body:/signature/token} | s 43200 | text | 200 | -
postmark | basic | - | - | - | - | 200 | -
paddle | hmac sha256 hex | header:Paddle-Signature h1 | {ts}:{body} | s 5 | text | 2xx | -
paypal | plugin paypal | - | - | - | - | 2xx | -
square | hmac sha256 base64 | header:X-Square-HmacSha256-Signature | {url}{body} | - | text | 2xx | -
adyen | hmac sha256 base64 | item:/NotificationRequestItem/additionalData/hmacSignature | {item:/NotificationRequestItem/pspReference}:{item:/NotificationRequestItem/originalReference}:{item:/NotificationRequestItem/merchantAccountCode}:{item:/NotificationRequestItem/merchantReference}:{item:/NotificationRequestItem/amount/value}:{item:/NotificationRequestItem/amount/currency}:{item:/NotificationRequestItem/eventCode}:{item:/NotificationRequestItem/success} | - | hex | 200 [accepted] | -
adyen-platform | hmac sha256 base64 | header:HmacSignature | {body} | - | hex | 200 [accepted] | -
razorpay | hmac sha256 hex | header:X-Razorpay-Signature | {body} | - | text | 2xx | -
coinbase-commerce | hmac sha256 hex | header:X-CC-Webhook-Signature | {body} | - | text | 200 | -
coinbase-cdp | hmac sha256 hex | header:X-Hook0-Signature v1 | {ts}.{sig:h}.{signed_headers}.{body} | s 300 | text | 2xx | -
braintree | hmac sha1 hex | form:bt_signature param:publicKey | {form:bt_payload} | - | sha1 | 2xx | GET
zoom | hmac sha256 hex | header:x-zm-signature v0= | v0:{ts}:{body} | s 300 | text | 2xx | +POST
discord | ed25519 hex | header:X-Signature-Ed25519 | {ts}{body} | s any | raw-hex | 204 empty | +POST +POST
twitch | hmac sha256 hex | header:Twitch-Eventsub-Message-Signature sha256= | {header:Twitch-Eventsub-Message-Id}{ts}{body} | iso 600 | text | 2xx | +POST
meta | hmac sha256 hex | header:X-Hub-Signature-256 sha256= | {body} | - | text | 200 | GET GET
x-twitter | hmac sha256 base64 | header:x-twitter-webhooks-signature sha256= | {body} | - | text | 200 | GET
dropbox | hmac sha256 hex | header:X-Dropbox-Signature | {body} | - | text | 2xx | GET
dropbox-sign | hmac sha256 hex | form:json/event/event_hash | {form:json/event/event_time}{form:json/event/event_type} | - | text | 200 Hello API Event Received | +POST +POST
microsoft-graph | token | item:/clientState | - | - | - | 2xx | POST
azure-event-grid | token | query:code | - | - | - | 2xx | POST OPTIONS OPTIONS
aws-sns | plugin sns | - | - | - | - | 2xx | +POST
google-pubsub | jwt RS256 bearer | header:Authorization | - | - | - | 2xx | -
okta | token | header:Authorization | - | - | - | 200 empty | GET
hubspot-v1 | digest sha256 hex | header:X-HubSpot-Signature | {secret}{body} | - | - | 2xx | -
hubspot-v2 | digest sha256 hex | header:X-HubSpot-Signature | {secret}{method}{url}{body} | - | - | 2xx | -
hubspot-v3 | hmac sha256 base64 | header:X-HubSpot-Signature-v3 | {method}{url:decoded}{body}{ts} | ms 300 | text | 2xx | -
intercom | hmac sha1 hex | header:X-Hub-Signature sha1= | {body} | - | text | 2xx | HEAD +POST
zendesk | hmac sha256 base64 | header:X-Zendesk-Webhook-Signature | {ts}{body} | iso 300 | text | 2xx | -
linear | hmac sha256 hex | header:Linear-Signature | {body} | ms 60 | text | 200 | -
notion | hmac sha256 hex | header:X-Notion-Signature sha256= | {body} | - | text | 2xx | POST
asana | hmac sha256 hex | header:X-Hook-Signature | {body} | - | text | 2xx | POST +POST
monday | jwt HS256 | header:Authorization | - | - | - | 200 | POST
typeform | hmac sha256 base64 | header:Typeform-Signature sha256= | {body} | - | text | 2xx | -
calendly | hmac sha256 hex | header:Calendly-Webhook-Signature v1 | {ts}.{body} | s 180 | text | 2xx | -
docusign | hmac sha256 base64 | header:X-DocuSign-Signature-* | {body} | - | text | 2xx | -
xero | hmac sha256 base64 | header:x-xero-signature | {body} | - | text | 200 empty | +POST
vercel | hmac sha1 hex | header:x-vercel-signature | {body} | - | text | 2xx | -
netlify | jwt HS256 | header:X-Webhook-Signature | - | - | - | 2xx | -
sentry | hmac sha256 hex | header:Sentry-Hook-Signature | {body} | - | text | 2xx | -
pagerduty | hmac sha256 hex | header:X-PagerDuty-Signature v1 | {body} | - | text | 2xx | +POST
jira | hmac sha256 hex | header:X-Hub-Signature sha256= | {body} | - | text | 2xx | -
woocommerce | hmac sha256 base64 | header:X-WC-Webhook-Signature | {body} | - | html | 2xx | POST
cal-com | hmac sha256 hex | header:X-Cal-Signature-256 | {body} | - | text | 2xx | +POST
airtable | hmac sha256 hex | header:X-Airtable-Content-MAC hmac-sha256= | {body} | - | base64 | 200 empty | -
figma | token | body:/passcode | - | - | - | 200 | +POST
telegram | token | header:X-Telegram-Bot-Api-Secret-Token | - | - | - | 200 empty | -
line | hmac sha256 base64 | header:x-line-signature | {body} | - | text | 200 | +POST
plaid | jwt ES256 | header:Plaid-Verification | - | - | - | 200 | -
workos | hmac sha256 hex | header:WorkOS-Signature v1 | {ts}.{body} | ms 180 | text | 2xx | -
mux | hmac sha256 hex | header:Mux-Signature v1 | {ts}.{body} | s 300 | text | 2xx | -
sanity | hmac sha256 base64url | header:sanity-webhook-signature v1 | {ts}.{body} | ms any | text | 2xx | -
telnyx | ed25519 base64 | header:telnyx-signature-ed25519 | {ts}|{body} | s 300 | raw-b64 | 2xx | -
gocardless | hmac sha256 hex | header:Webhook-Signature | {body} | - | text | 2xx | -
easypost | hmac sha256 hex | header:X-Hmac-Signature hmac-sha256-hex= | {body} | - | nfkd | 2xx | -
lemonsqueezy | hmac sha256 hex | header:X-Signature | {body} | - | text | 200 | -
paystack | hmac sha512 hex | header:x-paystack-signature | {body} | - | text | 200 | -
mandrill | hmac sha1 base64 | header:X-Mandrill-Signature | {url}{form_sorted} | - | text | 200 | HEAD POST
trello | hmac sha1 base64 | header:X-Trello-Webhook | {body}{url} | - | text | 200 | HEAD
customer-io | hmac sha256 hex | header:X-CIO-Signature | v0:{ts}:{body} | s 300 | text | 2xx | -
webflow | hmac sha256 hex | header:x-webflow-signature | {ts}:{body} | ms 300 | text | 200 | -
linkedin | hmac sha256 hex | header:X-LI-Signature | hmacsha256={body} | - | text | 200 | GET
ebay | plugin ebay | - | - | - | - | 2xx | GET
strava | token | query:token | - | - | - | 200 | GET
ringcentral | token | header:Verification-Token | - | - | - | 200 | POST
mailchimp | token | query:secret | - | - | - | 200 | GET
clio | hmac sha256 hex | header:X-Hook-Signature | {body} | - | text | 2xx | POST
vercel-log-drains | hmac sha1 hex | header:x-vercel-signature | {body} | - | text | 2xx | POST
favro | hmac sha1 base64 | header:X-Favro-Webhook | {body:/payloadId}{url} | - | text | 2xx | -
knock | hmac sha256 base64 | header:x-knock-signature s | {ts}.{body} | ms 300 | text | 2xx | -
orb | hmac sha256 hex | header:X-Orb-Signature v1 | v1:{ts}:{body} | iso 300 | text | 2xx | -
revolut | hmac sha256 hex | header:Revolut-Signature v1 | v1.{ts}.{body} | ms 300 | text | 2xx | -
synctera | hmac sha256 hex | header:Synctera-Signature | {ts}.{body} | s 300 | text | 2xx | -
persona | hmac sha256 hex | header:Persona-Signature v1 | {ts}.{body} | s 300 | text | 2xx | -
nmi | hmac sha256 hex | header:Webhook-Signature s | {sig:t}.{body} | - | text | 2xx | -
retell | hmac sha256 hex | header:X-Retell-Signature d | {body}{ts} | ms 300 | text | 2xx | -
walmart | hmac sha256 base64 | header:WM_SEC.SIGNATURE | {method}⏎{path}⏎{ts}⏎{body_sha256_hex} | s 300 | text | 2xx | -
tebex | hmac sha256 hex | header:X-Signature | {body_sha256_hex} | - | text | 2xx | +POST
oura | hmac sha256 HEX | header:x-oura-signature | {header:x-oura-timestamp}{body} | - | text | 200 | GET
cloudinary | digest sha1 hex | header:X-Cld-Signature | {body}{ts}{secret} | s 7200 | - | 2xx | -
recharge | digest sha256 hex | header:X-Recharge-Hmac-Sha256 | {secret}{body} | - | - | 2xx | -
paymob | hmac sha512 hex | query:hmac | {body:/obj/amount_cents}{body:/obj/created_at}{body:/obj/currency}{body:/obj/error_occured}{body:/obj/has_parent_transaction}{body:/obj/id}{body:/obj/integration_id}{body:/obj/is_3d_secure}{body:/obj/is_auth}{body:/obj/is_capture}{body:/obj/is_refunded}{body:/obj/is_standalone_payment}{body:/obj/is_voided}{body:/obj/order/id}{body:/obj/owner}{body:/obj/pending}{body:/obj/source_data/pan}{body:/obj/source_data/sub_type}{body:/obj/source_data/type}{body:/obj/success} | - | text | 2xx | -
wise | rsa-sha256 base64 | header:X-Signature-SHA256 | {body} | - | pem | 200 | -
`;

function lineOf(provider: Provider): string {
  const scheme = provider.schemes[0]!;
  const { reply } = provider;
  const bodies: Record<string, string> = { '': ' empty' };
  const shown =
    reply?.contentType === 'text/xml' ? ' TwiML' : (bodies[reply?.body ?? ' '] ?? ` ${reply?.body}`);
  const answer = reply === undefined ? '2xx' : `${reply.status}${reply.body === undefined ? '' : shown}`;
  const shakes = (provider.handshakes ?? [])
    .map(({ method, signed }) => (signed ? `+${method}` : method))
    .join(' ');
  return [provider.id, ...signingOf(scheme), answer, shakes || '-'].join(' | ');
}

function signingOf(scheme: Scheme): readonly string[] {
  if (scheme.alg === 'plugin') return [`plugin ${scheme.plugin}`, '-', '-', '-', '-'];
  if (scheme.alg === 'basic') return ['basic', '-', '-', '-', '-'];
  const { sig } = scheme;
  const ts = 'ts' in scheme ? scheme.ts : undefined;
  const from = typeof sig.from === 'string' ? sig.from : sig.from[0]!;
  // Standard Webhooks names its version in each item, as all its senders do.
  const key = sig.kv === ',' ? undefined : sig.key;
  const where = [from, key ?? sig.prefix].filter(Boolean).join(' ');
  const window = ts === undefined ? '-' : `${ts.unit ?? 's'} ${ts.tol ?? 'any'}`;
  switch (scheme.alg) {
    case 'token':
      return ['token', where, '-', window, '-'];
    case 'jwt':
      return [`jwt ${scheme.jwt.algs}${scheme.jwt.bearer ? ' bearer' : ''}`, where, '-', window, '-'];
    case 'hmac':
      return [
        `hmac ${scheme.hash} ${sig.enc}`,
        where,
        firstOf(scheme.signed),
        window,
        keyOf(scheme.key ?? {}),
      ];
    case 'digest':
      return [`digest ${scheme.hash} ${sig.enc}`, where, firstOf(scheme.signed), window, '-'];
    default:
      return [`${scheme.alg} ${sig.enc}`, where, firstOf(scheme.signed), window, scheme.pub];
  }
}

function firstOf(signed: string | readonly string[] | undefined): string {
  return (typeof signed === 'string' ? signed : (signed?.[0] ?? '')).replaceAll('\n', '⏎');
}

function keyOf({ strip = '', enc = 'utf8', derive }: KeyRule): string {
  return derive ?? (enc === 'utf8' ? 'text' : strip + enc);
}

suite('declarations', () => {
  const expected = EXPECTED.trim().split('\n');

  for (const line of expected) {
    const id = line.split(' | ')[0]!;
    test(`${id}: as its documentation says`, () => {
      const provider = PROVIDERS.find((one) => one.id === id);
      assert.ok(provider !== undefined, `there is no provider ${id}`);
      assert.equal(lineOf(provider), line);
    });
  }

  test('there are no others', () => {
    const ids = expected.map((line) => line.split(' | ')[0]!);
    assert.deepEqual(PROVIDERS.map(({ id }) => id).sort(), ids.sort());
  });
});
