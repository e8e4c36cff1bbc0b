import { DEFAULT_SOURCE } from '../../domain/source.ts';

const PATH = '/webhooks';

/** Whether the URL is `/webhooks` or lies below it. */
export function isIngestPath(url: string): boolean {
  return url.startsWith(PATH) && (url.length === PATH.length || '/?'.includes(url[PATH.length]!));
}

/** Whether the URL asks for an event's status by key, which a handshake of the default source never does. */
export function isKeyQuery(url: string): boolean {
  return url.startsWith(`${PATH}?`) && new URLSearchParams(url.slice(PATH.length)).has('idempotency_key');
}

/** `/webhooks` -> default, `/webhooks/github?x=1` and `/webhooks/github/` -> github. */
export function sourceNameOf(url: string): string {
  if (url.length === PATH.length) return DEFAULT_SOURCE;
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  const source = path.slice(PATH.length + 1, path.endsWith('/') ? -1 : undefined);
  return source === '' ? DEFAULT_SOURCE : source;
}
