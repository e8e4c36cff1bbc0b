import type { IncomingHttpHeaders } from 'node:http';
import { SESSION_MS } from './session.ts';

/**
 * A cookie of the console.
 * @param isSecure the receiver's URL is https: by PUBLIC_URL, never by a request
 */
export type Cookie = Readonly<{ isSecure: boolean; kind: 'session' | 'code' }>;

const LIFETIME_MS = { session: SESSION_MS, code: 5 * 60 * 1000 } as const;

/** Browsers do not tell the ports of a host apart: two receivers on one machine would end each other's sessions. */
function nameOf({ isSecure, kind }: Cookie, { host = '' }: IncomingHttpHeaders): string {
  if (isSecure) return `__Host-console-${kind}`;
  const [, port = ''] = /:(\d{1,5})$/.exec(host) ?? [];
  return `console-${kind}${port}`;
}

/** The value that a request has of the cookie, or null. */
export function readCookie(cookie: Cookie, headers: IncomingHttpHeaders): string | null {
  const start = `${nameOf(cookie, headers)}=`;
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(start))?.slice(start.length) ?? null;
}

/** The Set-Cookie header that keeps the value, or with null drops it. */
export function writeCookie(cookie: Cookie, headers: IncomingHttpHeaders, value: string | null): string {
  const path = cookie.isSecure ? '/; Secure' : '/console';
  const maxAge = value === null ? 0 : LIFETIME_MS[cookie.kind] / 1000;
  const pair = `${nameOf(cookie, headers)}=${value ?? ''}`;
  return `${pair}; Path=${path}; HttpOnly; SameSite=Lax; Max-Age=${maxAge}`;
}
