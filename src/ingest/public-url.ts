import type { RawRequest } from './raw-request.ts';

/** Returns the absolute URL of a request as the sender knows it: some providers sign it. */
export type PublicUrl = (request: RawRequest) => string;

/**
 * @param own the URL of the source as registered at the provider, or null
 * @param base the receiver's own URL without the path (PUBLIC_URL), or null: then the request's Host header is used
 */
export function createPublicUrl(own: string | null, base: string | null): PublicUrl {
  if (own !== null) return ({ url }) => withQueryOf(url, own);
  if (base !== null) {
    const front = base.replace(/\/+$/, '');
    return ({ url }) => front + url;
  }
  return (request) => `http://${hostOf(request)}${request.url}`;
}

/** Providers add to the registered query (Twilio's `bodySHA256`), and a proxy may have dropped it. */
function withQueryOf(requested: string, own: string): string {
  const query = requested.indexOf('?');
  return query === -1 ? own : own.split('?', 1)[0]! + requested.slice(query);
}

function hostOf({ headers }: RawRequest): string {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === 'host');
  return at === -1 ? 'localhost' : headers[at + 1]!;
}
