import type { SignedRequest } from './read/signed-request.ts';
import type { Scheme } from './scheme.ts';
import type { JsonWebKeySet } from './schemes/compiled-scheme.ts';

/** A case of test/data/provider-vectors.json. */
export type VectorCase = Readonly<{
  id: string;
  provider: string;
  description: string;
  secret: string | null;
  publicKey?: string;
  params?: Readonly<Record<string, string>>;
  certs?: Readonly<Record<string, string>>;
  jwks?: JsonWebKeySet;
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  bodyBase64: string;
  /** Unix seconds. */
  now: number;
  expect: 'valid' | 'invalid';
}>;

/** Headers that schemes look at: names, or beginnings of them, in lower case. */
export function coveredHeaders(schemes: readonly Scheme[]): readonly string[] {
  const text = JSON.stringify(schemes);
  const named = [...text.matchAll(/header:([A-Za-z0-9._-]+)/g)].map(([, name]) => name!.toLowerCase());
  if (text.includes('signed_headers')) named.push('x-event');
  if (text.includes('"paypal"')) named.push('paypal-');
  if (text.includes('"basic"')) named.push('authorization');
  return named;
}

type Fields = (request: SignedRequest) => unknown;

const bodyText = ({ body }: SignedRequest) => Buffer.from(body).toString('latin1');
const json = ({ body }: SignedRequest) => JSON.parse(Buffer.from(body).toString());

function header(request: SignedRequest, name: string): readonly string[] {
  return request.headers.filter((_, i) => i % 2 === 1 && request.headers[i - 1]!.toLowerCase() === name);
}

function sortedForm({ body }: SignedRequest): string {
  const form = new URLSearchParams(Buffer.from(body).toString());
  const keys = [...new Set(form.keys())].sort();
  return keys
    .map((key) =>
      [...new Set(form.getAll(key))]
        .sort()
        .map((value) => key + value)
        .join(''),
    )
    .join('');
}

const withoutPort = (url: string) =>
  url.replace(/^(https?:\/\/[^/?#]*?):\d*(?=[/?#]|$)/i, '$1').replace(/^https?/i, 'https');
const decoded = (url: string) =>
  url.replace(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (one) => decodeURIComponent(one));

/** What the signatures are about where it is not just the body, written apart from the engine. */
const COVERED: Readonly<Record<string, Fields>> = {
  twilio: (request) => [header(request, 'x-twilio-signature'), withoutPort(request.url), sortedForm(request)],
  mandrill: (request) => [header(request, 'x-mandrill-signature'), request.url, sortedForm(request)],
  'hubspot-v3': (request) => [
    header(request, 'x-hubspot-signature-v3'),
    header(request, 'x-hubspot-request-timestamp'),
    decoded(request.url),
    bodyText(request),
  ],
  'hubspot-v2': (request) => [header(request, 'x-hubspot-signature'), request.url, bodyText(request)],
  square: (request) => [header(request, 'x-square-hmacsha256-signature'), request.url, bodyText(request)],
  trello: (request) => [header(request, 'x-trello-webhook'), request.url, bodyText(request)],
  favro: (request) => [header(request, 'x-favro-webhook'), request.url, json(request).payloadId],
  paymob: (request) => [request.url, json(request).obj],
  walmart: (request) => [
    header(request, 'wm_sec.signature'),
    /^https?:\/\/[^/?#]*([^?#]*)/i.exec(request.url)?.[1],
    bodyText(request),
  ],
  monday: (request) => [header(request, 'authorization'), request.url],
  'google-pubsub': (request) => header(request, 'authorization'),
  gitlab: (request) => header(request, 'x-gitlab-token'),
  telegram: (request) => header(request, 'x-telegram-bot-api-secret-token'),
  okta: (request) => header(request, 'authorization'),
  postmark: (request) => header(request, 'authorization'),
  figma: (request) => json(request).passcode,
  'microsoft-graph': (request) =>
    json(request).value.map((item: { clientState: string }) => item.clientState),
  mailgun: (request) => json(request).signature,
  'dropbox-sign': (request) => {
    const { event_time, event_type, event_hash } = json(request).event;
    return [String(event_time), event_type, event_hash];
  },
  adyen: (request) =>
    json(request).notificationItems.map(
      ({ NotificationRequestItem: item }: { NotificationRequestItem: AdyenItem }) => [
        [item.pspReference, item.originalReference, item.merchantAccountCode, item.merchantReference].join(
          ':',
        ),
        [item.amount?.value, item.amount?.currency, item.eventCode, item.success].join(':'),
        item.additionalData.hmacSignature,
      ],
    ),
  braintree: (request) => {
    const form = new URLSearchParams(bodyText(request));
    return [form.getAll('bt_signature'), form.getAll('bt_payload').map((text) => text.trimEnd())];
  },
  'aws-sns': (request) => {
    const { Signature, SignatureVersion, SigningCertURL, ...rest } = json(request);
    const { Message, MessageId, Subject, Timestamp, TopicArn, Type } = rest;
    return { Message, MessageId, Subject, Timestamp, TopicArn, Type, Signature, SignatureVersion };
  },
};

type AdyenItem = Readonly<{
  pspReference: string;
  originalReference: string;
  merchantAccountCode: string;
  merchantReference: string;
  amount?: { value: number; currency: string };
  eventCode: string;
  success: string;
  additionalData: { hmacSignature: string };
}>;

/** What a provider's signature is about, and the signature: two requests with the same are the same to it. */
export function coveredBy(provider: string, request: SignedRequest): unknown {
  const fields = COVERED[provider];
  // All headers but those that nothing signs: a test changes the others only.
  // The space after a comma is a matter of taste where one is sent at all.
  const headers = request.headers.map((text) => text.replaceAll(', ', ','));
  return fields === undefined ? [bodyText(request), headers] : fields(request);
}
