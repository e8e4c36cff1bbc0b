import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a page of the console itself sent a request that changes something. Browsers say so in Sec-Fetch-Site, except on
 * plain http beyond the loopback: there the Origin has to be that of PUBLIC_URL, or the host that was asked.
 */
export function isSameOrigin(headers: IncomingHttpHeaders, publicUrl: string | null): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const origin = originOf(headers.origin);
  if (origin === null) return false;
  return origin.origin === originOf(publicUrl ?? undefined)?.origin || origin.host === headers.host;
}

function originOf(text: string | undefined): URL | null {
  return text === undefined || !/^https?:/i.test(text) ? null : URL.parse(text);
}

/** Whether the host that was asked is this machine: other names may be an attacker's, who lets them point here. */
export function isLoopback(host: string | undefined): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i.test(host ?? '');
}

const PAGES = /^\/console(?:[/?]|$)/;

/** A page to go on to, as a form names it: one of the console, or else its first. */
export function pageOf(to: string | undefined): string {
  const url = to === undefined || !to.startsWith('/') ? null : URL.parse(to, 'http://console');
  if (url === null || url.host !== 'console') return '/console';
  const path = `${url.pathname}${url.search}`;
  return PAGES.test(path) && !/^\/console\/(?:login|logout|enter)\b/.test(path) ? path : '/console';
}

/** The page that has the form of an action: the path of an action lies below that of its page, or its list. */
export function pageWithForm(path: string): string {
  const [, , folder = '', name] = path.split('?')[0]!.split('/');
  if (folder === 'deliveries' && name !== undefined) return `/console/events/${name.slice(0, -4)}0000`;
  const hasOnePage = folder === 'alerts' || folder === 'blocked' || name === undefined;
  return pageOf(hasOnePage ? `/console/${folder}` : `/console/${folder}/${name}`);
}
