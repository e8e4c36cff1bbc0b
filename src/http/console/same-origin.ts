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
