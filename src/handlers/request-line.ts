import type { WebhookEvent } from '../domain/event.ts';
import type { Target } from './target.ts';

export type RequestLine = Readonly<{ method: string; path: string }>;

/** Whether the source's verification reads a secret in the query parameter of that name (decoded). */
export type IsSecretQuery = (source: string, name: string) => boolean;

/**
 * Makes the request line of each event: the event's method and, on the destination's URL, the event's query, since both
 * may say what happened. Parameters whose names the URL has itself are left out, as are secrets of the verification: they
 * are the receiver's own, and would get into the destination's logs.
 */
export function createRequestLine(
  target: Pick<Extract<Target, { kind: 'http' }>, 'url' | 'method' | 'query'>,
  isSecret: IsSecretQuery,
): (event: Pick<WebhookEvent, 'method' | 'url' | 'source'>) => RequestLine {
  const { pathname, search, searchParams } = new URL(target.url);
  const own = new Set(searchParams.keys());
  return ({ method, url, source }) => {
    const added =
      target.query === 'drop' ? '' : queryFor(url, (name) => !own.has(name) && !isSecret(source, name));
    const separator = added === '' ? '' : search === '' ? '?' : '&';
    return {
      method: target.method === 'POST' ? 'POST' : method,
      path: `${pathname}${search}${separator}${added}`,
    };
  };
}

/** The parameters of the URL that are wanted, as they were sent. */
function queryFor(url: string, isWanted: (name: string) => boolean): string {
  const start = url.indexOf('?');
  if (start === -1) return '';
  const end = url.indexOf('#', start);
  const pairs = url.slice(start + 1, end === -1 ? undefined : end).split('&');
  return pairs.filter((pair) => pair !== '' && isWanted(nameOf(pair))).join('&');
}

function nameOf(pair: string): string {
  const name = pair.split('=', 1)[0]!.replaceAll('+', ' ');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
