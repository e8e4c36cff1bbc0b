import { isUtf8 } from 'node:buffer';
import { readLazyJson } from '../verify/read/lazy-json.ts';
import { atPointers, everyLeaf, type IsHidden, maskJson } from './mask-json.ts';
import { REDACTED, type Redact } from './redact.ts';

/** How much of a request is shown. */
export type Shown =
  /** Names and shapes: every value is masked that is not needed to tell what kind of request it is. */
  | 'shape'
  /** All but credentials, and what the source's `mask` names. */
  | 'unmasked'
  /** All. */
  | 'revealed';

export type MaskableRequest = Readonly<{
  url: string;
  headers: readonly string[];
  body: Uint8Array | null;
}>;

/** Masks a request of the source. */
export type Mask = <Request extends MaskableRequest>(
  source: string,
  request: Request,
  shown: Shown,
) => Request;

/** What a source hides. `pointers` are parts of JSON Pointers, see json-pointer.ts. */
export type MaskRules = Readonly<{ redact: Redact; pointers: readonly (readonly string[])[] }>;

/** Longest body of which parts are masked; of a longer one everything is. */
export const MASKED_BODY_BYTES = 1024 * 1024;

/** Names of headers whose values are credentials, whatever a scheme makes of them. */
const CREDENTIAL = /^(?:proxy-)?authorization$|cookie|token|secret|passw|api[-_]?key/i;
/** Headers that say what kind of request it is, and nothing of its content. */
const HARMLESS = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'user-agent',
  'host',
  'accept',
]);

/** The request as it is shown. */
export function maskRequest<Request extends MaskableRequest>(
  request: Request,
  shown: Shown,
  { redact, pointers }: MaskRules,
): Request {
  if (shown === 'revealed') return request;
  const { url, headers } = redact({ url: request.url, headers: request.headers });
  const isHiddenHeader = shown === 'shape' ? isTelling : (name: string) => CREDENTIAL.test(name);
  return {
    ...request,
    url: shown === 'shape' ? maskQuery(url) : url,
    headers: headers.map((text, at) => (at % 2 === 1 && isHiddenHeader(headers[at - 1]!) ? REDACTED : text)),
    body: maskBody(request.body, shown, pointers),
  };
}

function isTelling(name: string): boolean {
  return !HARMLESS.has(name.toLowerCase());
}

function maskQuery(url: string): string {
  const start = url.indexOf('?');
  if (start === -1) return url;
  const names = url
    .slice(start + 1)
    .split('&')
    .map((pair) => (pair.includes('=') ? `${pair.slice(0, pair.indexOf('='))}=${REDACTED}` : REDACTED));
  return `${url.slice(0, start)}?${names.join('&')}`;
}

function maskBody(
  body: Uint8Array | null,
  shown: Exclude<Shown, 'revealed'>,
  pointers: MaskRules['pointers'],
): Uint8Array | null {
  if (body === null || body.length === 0) return body;
  if (shown === 'unmasked' && pointers.length === 0) return body;
  return maskText(body, shown === 'shape' ? everyLeaf : atPointers(pointers)) ?? Buffer.from(REDACTED);
}

/** Null if the body is no JSON that can be masked in part. */
function maskText(body: Uint8Array, isHidden: IsHidden): Uint8Array | null {
  if (body.length > MASKED_BODY_BYTES || !isUtf8(body) || !readLazyJson(body).ok) return null;
  const masked = maskJson(Buffer.from(body).toString(), isHidden, JSON.stringify(REDACTED));
  return masked === null ? null : Buffer.from(masked);
}
