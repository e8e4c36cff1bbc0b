import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TokenHolder, Tokens } from '../admin/tokens.ts';

/** How long a session lasts; after that the token has to be given again. */
export const SESSION_MS = 12 * 60 * 60 * 1000;

/** The value of a session's cookie: whose it is and when it ends, sealed with a key that is derived from the token. */
export function sealSession(tokens: Tokens, { name }: TokenHolder, nowMs: number): string {
  const claims = `${Buffer.from(name).toString('base64url')}.${nowMs + SESSION_MS}`;
  return `${claims}.${macOf(tokens.sessionsOf(name)!.key, claims)}`;
}

/**
 * Who has a session now; null if it is over, not ours, or of a token that is no longer in force. Nothing is kept: the key of
 * another token has another MAC, and the role is that of the token now.
 */
export function openSession(tokens: Tokens, sealed: string, nowMs: number): TokenHolder | null {
  const [name, expires, mac, ...rest] = sealed.split('.');
  if (name === undefined || expires === undefined || mac === undefined || rest.length > 0) return null;
  const sessions = tokens.sessionsOf(Buffer.from(name, 'base64url').toString());
  if (sessions === null || !/^\d{1,16}$/.test(expires)) return null;
  const expected = Buffer.from(macOf(sessions.key, `${name}.${expires}`));
  const given = Buffer.from(mac);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return null;
  const endsAtMs = Number(expires);
  return endsAtMs > nowMs && endsAtMs <= nowMs + SESSION_MS ? sessions.holder : null;
}

function macOf(key: Buffer, claims: string): string {
  return createHmac('sha256', key).update(claims).digest('base64url');
}
